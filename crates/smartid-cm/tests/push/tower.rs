//! Through the adapter of a web server.

use std::sync::Arc;

use http::{Request, StatusCode};
use smartid_cm::push::{MemoryPushSink, Sender};
use smartid_core::ClientCertificate;
use smartid_core::tower::InboundService;
use tower_service::Service as _;

use super::support::*;

fn serve(request: Request<String>) -> (StatusCode, Vec<Sender>) {
    let sink = Arc::new(MemoryPushSink::new());
    let receiver = builder(&sink)
        .basic_auth("cmpush", password())
        .client_certificate(certificate("officer-p256"))
        .build()
        .unwrap();
    let clock = runtime();
    let mut service = InboundService::new(Arc::new(receiver), Arc::new(clock.clone()));
    let response = clock.block_on(service.call(request)).unwrap().unwrap();
    let senders = sink.take().into_iter().map(|pushed| pushed.sender).collect();
    (response.status(), senders)
}

fn request(basic: bool, body: Vec<u8>) -> Request<String> {
    let mut request = Request::post(format!("https://idm.example.test{PATH}/Proc?tenantId=golden"))
        .header(TYPE.0, TYPE.1)
        .body(String::from_utf8(body).unwrap())
        .unwrap();
    if basic {
        let value = http::HeaderValue::from_static(BASIC.1);
        request.headers_mut().insert(BASIC.0, value);
    }
    request
}

#[test]
fn user_or_certificate_of_the_connection() {
    let user = Sender::User("cmpush".to_owned());
    assert_eq!(
        serve(request(true, base64("device-rsa"))),
        (StatusCode::OK, vec![user])
    );
    assert_eq!(
        serve(request(false, base64("device-rsa"))),
        (StatusCode::UNAUTHORIZED, vec![])
    );
    let mut with_certificate = request(false, base64("device-rsa"));
    let shown = ClientCertificate::new(pki("officer-p256.der"));
    with_certificate.extensions_mut().insert(shown);
    let officer = Sender::Certificate(certificate("officer-p256").fingerprint());
    assert_eq!(serve(with_certificate), (StatusCode::OK, vec![officer]));
    let too_large = serve(request(true, vec![b'A'; 200 * 1024]));
    assert_eq!(too_large, (StatusCode::PAYLOAD_TOO_LARGE, vec![]));
}
