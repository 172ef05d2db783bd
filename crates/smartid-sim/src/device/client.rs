//! The apps' side of the message server: open with the link's token, wait, fetch, answer; and try again when the connection is cut. The
//! paths are documented, how the token and the session are presented is this simulator's own arrangement (protocol notes: hermod 5.2).

use bytes::Bytes;
use serde_json::Value;

use crate::SimError;
use crate::net::client::{Answer, Call, HttpClient};

/// A message box as the app knows it.
#[derive(Clone)]
pub(crate) struct MessageClient {
    http: HttpClient,
    box_url: String,
    /// What the app shows; a provisioning link of the Mobile App has none.
    session: Option<String>,
    reconnects: u32,
}

/// What the message server said to an answer.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) status: u16,
    /// The new profile's own box and what opens it: only after a provision command.
    pub(crate) mailbox: Option<(String, String)>,
}

fn mids(body: &Value) -> Vec<String> {
    body.get("messages")
        .and_then(Value::as_array)
        .map(|list| {
            list.iter()
                .filter_map(|item| item.get("mid")?.as_str().map(str::to_owned))
                .collect()
        })
        .unwrap_or_default()
}

fn json(answer: &Answer) -> Result<Value, SimError> {
    serde_json::from_slice(&answer.body).map_err(|error| SimError::Device(error.to_string()))
}

impl MessageClient {
    /// A box whose session is known already, or that needs none.
    pub(crate) fn known(http: &HttpClient, box_url: &str, session: Option<String>, reconnects: u32) -> Self {
        Self {
            http: http.clone(),
            box_url: box_url.to_owned(),
            session,
            reconnects,
        }
    }

    /// Opens the box; the token is used up. Returns the ids of the messages that wait.
    pub(crate) async fn open(
        http: &HttpClient,
        box_url: &str,
        token: &str,
        reconnects: u32,
    ) -> Result<(Self, Vec<String>), SimError> {
        let mut client = Self::known(http, box_url, None, reconnects);
        let mut url =
            url::Url::parse(box_url).map_err(|_| SimError::Link("its url cannot be read".into()))?;
        url.query_pairs_mut().append_pair("token", token);
        let answer = client.send("GET", url.as_str(), &Bytes::new()).await?;
        if answer.status != 200 {
            return Err(SimError::Device(format!(
                "the link was answered {}",
                answer.status
            )));
        }
        let body = json(&answer)?;
        let session = body
            .get("session")
            .and_then(Value::as_str)
            .ok_or_else(|| SimError::Device("no session was given".into()))?;
        client.session = Some(session.to_owned());
        Ok((client, mids(&body)))
    }

    /// The address of another box on the same message server.
    pub(crate) fn sibling(&self, bid: &str) -> String {
        let base = self.box_url.rsplit_once('/').map_or("", |(base, _)| base);
        format!("{base}/{bid}")
    }

    async fn send(&self, method: &str, url: &str, body: &Bytes) -> Result<Answer, SimError> {
        let mut headers = Vec::new();
        if let Some(session) = &self.session {
            headers.push(("x-session".to_owned(), session.clone()));
        }
        if method == "POST" {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let mut left = self.reconnects;
        loop {
            let call = Call {
                method,
                url,
                headers: &headers,
                body: body.clone(),
            };
            match self.http.send(call).await {
                Ok(answer) => return Ok(answer),
                Err(error) if left == 0 => return Err(SimError::Device(error)),
                Err(_) => left -= 1,
            }
        }
    }

    async fn list(&self, url: &str) -> Result<Option<Vec<String>>, SimError> {
        let answer = self.send("GET", url, &Bytes::new()).await?;
        match answer.status {
            200 => Ok(Some(mids(&json(&answer)?))),
            404 => Ok(None),
            status => Err(SimError::Device(format!("waiting was answered {status}"))),
        }
    }

    /// Waits for messages; `None` when the session has ended.
    pub(crate) async fn wait(&self) -> Result<Option<Vec<String>>, SimError> {
        self.list(&self.box_url).await
    }

    /// Waits for messages beside those that are known already.
    pub(crate) async fn wait_for_others(&self, known: &[String]) -> Result<Option<Vec<String>>, SimError> {
        if known.is_empty() {
            return self.wait().await;
        }
        self.list(&format!("{}?seen={}", self.box_url, known.join(",")))
            .await
    }

    /// The messages that are there now; `None` when the box is gone.
    pub(crate) async fn look(&self) -> Result<Option<Vec<String>>, SimError> {
        self.list(&format!("{}?wait=0", self.box_url)).await
    }

    /// Fetches a message as text; `None` when it is gone.
    pub(crate) async fn message(&self, mid: &str) -> Result<Option<String>, SimError> {
        let answer = self
            .send("GET", &format!("{}/{mid}", self.box_url), &Bytes::new())
            .await?;
        match answer.status {
            200 => String::from_utf8(answer.body.to_vec())
                .map(Some)
                .map_err(|_| SimError::Device("the message is not text".into())),
            404 => Ok(None),
            status => Err(SimError::Device(format!("fetching was answered {status}"))),
        }
    }

    /// Answers a message.
    pub(crate) async fn answer(&self, mid: &str, answer: &Value) -> Result<Accepted, SimError> {
        let body = Bytes::from(answer.to_string());
        let answer = self
            .send("POST", &format!("{}/{mid}", self.box_url), &body)
            .await?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Accepted {
            status: answer.status,
            mailbox: text("bid").zip(text("session")),
        })
    }
}
