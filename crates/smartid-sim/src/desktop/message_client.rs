//! The app's side of the message server: open with the token, wait, fetch, answer; and try again when the connection is cut.

use bytes::Bytes;
use serde_json::Value;

use super::link::Plugout;
use crate::SimError;
use crate::net::client::{Answer, Call, HttpClient};

pub(crate) struct MessageClient {
    http: HttpClient,
    box_url: String,
    session: String,
    reconnects: u32,
}

async fn send(
    http: &HttpClient,
    reconnects: u32,
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: &Bytes,
) -> Result<Answer, SimError> {
    let mut left = reconnects;
    loop {
        match http
            .send(Call {
                method,
                url,
                headers,
                body: body.clone(),
            })
            .await
        {
            Ok(answer) => return Ok(answer),
            Err(error) if left == 0 => return Err(SimError::Device(error)),
            Err(_) => left -= 1,
        }
    }
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

impl MessageClient {
    /// Opens the box; the token is used up. Returns the ids of the messages that wait.
    pub(crate) async fn open(
        http: &HttpClient,
        plugout: Plugout,
        reconnects: u32,
    ) -> Result<(Self, Vec<String>), SimError> {
        let mut url =
            url::Url::parse(&plugout.box_url).map_err(|_| SimError::Link("its url cannot be read".into()))?;
        url.query_pairs_mut().append_pair("token", &plugout.token);
        let answer = send(http, reconnects, "GET", url.as_str(), &[], &Bytes::new()).await?;
        if answer.status != 200 {
            return Err(SimError::Device(format!(
                "the link was answered {}",
                answer.status
            )));
        }
        let body: Value =
            serde_json::from_slice(&answer.body).map_err(|error| SimError::Device(error.to_string()))?;
        let session = body
            .get("session")
            .and_then(Value::as_str)
            .ok_or_else(|| SimError::Device("no session was given".into()))?;
        let client = Self {
            http: http.clone(),
            box_url: plugout.box_url,
            session: session.to_owned(),
            reconnects,
        };
        Ok((client, mids(&body)))
    }

    fn headers(&self) -> Vec<(String, String)> {
        vec![("x-session".into(), self.session.clone())]
    }

    /// Waits for messages; `None` when the session has ended.
    pub(crate) async fn wait(&self) -> Result<Option<Vec<String>>, SimError> {
        let answer = send(
            &self.http,
            self.reconnects,
            "GET",
            &self.box_url,
            &self.headers(),
            &Bytes::new(),
        )
        .await?;
        match answer.status {
            200 => {
                let body: Value = serde_json::from_slice(&answer.body)
                    .map_err(|error| SimError::Device(error.to_string()))?;
                Ok(Some(mids(&body)))
            }
            404 => Ok(None),
            status => Err(SimError::Device(format!("waiting was answered {status}"))),
        }
    }

    /// Fetches a message as text; `None` when it is gone.
    pub(crate) async fn message(&self, mid: &str) -> Result<Option<String>, SimError> {
        let url = format!("{}/{mid}", self.box_url);
        let answer = send(
            &self.http,
            self.reconnects,
            "GET",
            &url,
            &self.headers(),
            &Bytes::new(),
        )
        .await?;
        match answer.status {
            200 => String::from_utf8(answer.body.to_vec())
                .map(Some)
                .map_err(|_| SimError::Device("the message is not text".into())),
            404 => Ok(None),
            status => Err(SimError::Device(format!("fetching was answered {status}"))),
        }
    }

    /// Answers a message and returns the status.
    pub(crate) async fn answer(&self, mid: &str, answer: &Value) -> Result<u16, SimError> {
        let url = format!("{}/{mid}", self.box_url);
        let mut headers = self.headers();
        headers.push(("content-type".into(), "application/json".into()));
        let body = Bytes::from(answer.to_string());
        Ok(send(&self.http, self.reconnects, "POST", &url, &headers, &body)
            .await?
            .status)
    }
}
