//! What reaches a server, octet by octet.

use std::sync::Arc;
use std::time::Duration;

use smartid_cm::ast::{AstProperties, AstRequest};
use smartid_cm::{Attribute, CertificateManager, HandlerName};
use smartid_core::{CallPolicy, Phase};
use smartid_reqwest::{ReqwestTransport, TokioRuntime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::CONTAINER;
use crate::common::dialect;

/// Reads one request whole.
async fn request(stream: &mut TcpStream) -> Vec<u8> {
    let mut octets = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).await.unwrap();
        octets.extend_from_slice(&piece[..read]);
        let head = octets.windows(4).position(|end| end == b"\r\n\r\n");
        let Some(head) = head.map(|at| at + 4) else {
            continue;
        };
        let text = String::from_utf8_lossy(&octets[..head]).to_ascii_lowercase();
        let length = text.split_once("content-length: ").unwrap().1;
        let length: usize = length.split_once("\r\n").unwrap().0.parse().unwrap();
        if octets.len() >= head + length || read == 0 {
            return octets;
        }
    }
}

/// A server that answers every request with the same octets, and what it was sent. No octets: it hangs up.
async fn server(answer: Vec<u8>) -> (String, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pgwy", listener.local_addr().unwrap());
    let (seen, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (seen, answer) = (seen.clone(), answer.clone());
            tokio::spawn(async move {
                let _ = seen.send(request(&mut stream).await);
                let _ = stream.write_all(&answer).await;
            });
        }
    });
    (url, requests)
}

fn client(gateway: &str, toml: &str) -> CertificateManager {
    let transport = ReqwestTransport::builder()
        .danger_allow_plain_http()
        .build()
        .unwrap();
    CertificateManager::builder(format!("{gateway}/api"))
        .dialect(dialect(toml))
        .policy(CallPolicy::default().with_attempts(3))
        .danger_plain_http()
        .build(Arc::new(transport), Arc::new(TokioRuntime::new()))
        .unwrap()
}

fn ok() -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-pkcs12\r\nContent-Disposition: attachment; filename=token.p12\r\n\
         Set-Cookie: JSESSIONID=6F1C; HttpOnly\r\nSet-Cookie: downloaded=true; Path=/\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        CONTAINER.len()
    );
    [head.as_bytes(), CONTAINER].concat()
}

fn ast() -> AstRequest {
    let file = "handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-User\n\
        handler.0.formatFields.2 = ast.valuetarget.upn.value = x-user\n\
        handler.0.formatFields.3 = ast.valuetarget.localityname.value = myheader";
    AstRequest::new("a&b=c+d%20e")
        .handler(HandlerName::new("soft token").unwrap())
        .headers(AstProperties::parse(file).unwrap().headers("0").clone())
        .attribute(Attribute::COUNTRY_NAME, "SE")
        .attribute(Attribute::COMMON_NAME, "Jürgen")
        .attribute(Attribute::UPN, "Jürgen")
        .attribute(Attribute::LOCALITY_NAME, "Kista  Galleria")
}

#[tokio::test]
async fn headers_and_form_arrive_as_they_were_given() {
    for (choice, octets) in [("utf-8", &b"J\xc3\xbcrgen"[..]), ("iso-8859-1", b"J\xfcrgen")] {
        let (url, mut requests) = server(ok()).await;
        let cm = client(&url, &format!("[ast]\nnon_ascii = '{choice}'"));
        let issued = cm.call_gateway(&ast()).await.unwrap();
        assert_eq!(issued.token.expose_octets(), CONTAINER);
        assert_eq!(issued.file_name.unwrap().as_str(), "token.p12");
        assert_eq!(issued.downloaded.unwrap().set_cookie(), "downloaded=true; Path=/");

        let came = requests.recv().await.unwrap();
        assert!(came.starts_with(b"POST /pgwy/ast/soft%20token HTTP/1.1\r\n"));
        assert!(came.ends_with(b"\r\n\r\npassword=a%26b%3Dc%2Bd%2520e"));
        let lines: Vec<&[u8]> = came.split(|octet| *octet == b'\n').collect();
        let values = |name: &str| -> Vec<&[u8]> {
            let lines = lines.iter().filter_map(|line| {
                let (header, value) = line.split_at_checked(name.len())?;
                header
                    .eq_ignore_ascii_case(name.as_bytes())
                    .then_some(value)?
                    .strip_prefix(b": ")
            });
            lines.map(|value| value.trim_ascii_end()).collect()
        };
        assert_eq!(values("country"), [b"SE"]);
        assert_eq!(values("x-user"), [octets], "{choice}");
        assert_eq!(values("myheader"), [b"Kista  Galleria"]);
        assert_eq!(values("content-type"), [b"application/x-www-form-urlencoded"]);
        assert!(values("cookie").is_empty() && values("authorization").is_empty());
        assert!(requests.try_recv().is_err(), "sent once");
    }
}

#[tokio::test]
async fn the_password_follows_no_redirect() {
    let (elsewhere, mut stranger) = server(ok()).await;
    for status in [301, 302, 303, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} Go\r\nLocation: {elsewhere}/ast\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (url, mut requests) = server(answer.into_bytes()).await;
        let error = client(&url, "[ast]\nnon_ascii = 'utf-8'")
            .call_gateway(&ast())
            .await
            .unwrap_err();
        assert_eq!(error.phase(), Phase::Unreadable, "{status}: {error}");
        assert!(requests.recv().await.is_some());
        assert!(requests.try_recv().is_err(), "{status}: sent once");
    }
    assert!(stranger.try_recv().is_err(), "nobody else hears of it");
}

#[tokio::test]
async fn an_answer_that_is_lost_or_cut_leaves_it_open_whether_it_was_done() {
    let whole = ok();
    for answer in [
        Vec::new(),
        whole[..40].to_vec(),
        whole[..whole.len() - 3].to_vec(),
    ] {
        let length = answer.len();
        let (url, mut requests) = server(answer).await;
        let cm = client(&url, "[ast]\nnon_ascii = 'utf-8'");
        let ended = tokio::time::timeout(Duration::from_secs(20), cm.call_gateway(&ast()))
            .await
            .unwrap();
        let error = ended.unwrap_err();
        assert_eq!(error.phase(), Phase::PerhapsDone, "{length}: {error}");
        assert!(requests.recv().await.is_some());
        assert!(requests.try_recv().is_err(), "{length}: sent once");
    }
}
