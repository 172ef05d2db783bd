//! Hermod calls back at the path where Digital Access stands, with and without a sub-path, and nowhere else.

use super::*;
use smartid_sim::SimConfig;

#[tokio::test]
async fn messaging_calls_there_with_a_sub_path_or_without() {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml("[hermod.callback]\npath = 'personalmessaging'").unwrap();
    for (sub_path, exact, counts) in [
        (SubPath::Either, true, true),
        (SubPath::None, true, true),
        (SubPath::CallbackVerb, true, false),
        (SubPath::Either, false, true),
        (SubPath::None, false, false),
        (SubPath::CallbackVerb, false, true),
    ] {
        let setup = if exact { setup.clone() } else { Setup::default() };
        let hall = Hall::of(setup, Arc::new(MemoryFlowStore::new())).await;
        hall.card();
        let (receiver, base) = serve(&hall.smartid, sub_path).await;
        let url = match exact {
            true => format!(
                "{base}{}",
                PERSONAL_MESSAGING.trim_end_matches("/personalmessaging")
            ),
            false => format!("{base}{PERSONAL_MESSAGING}"),
        };
        let basic = Some(("hermod", CALLBACK_PASSWORD));
        hall.bench.sim.set_callback(&url, basic);
        let end = on_desktop(&hall, &hall.login(desktop()), nobody(), Persona::Approves).await;
        // Where nothing comes, the poll brings it.
        assert!(end.logged_in().is_some(), "{sub_path:?} {exact}: {end:?}");
        let called = || {
            let records = hall.bench.sim.records();
            let callback = |record: &&smartid_sim::Record| record.path.starts_with(&url);
            records
                .iter()
                .filter(callback)
                .filter_map(|record| record.status)
                .next()
        };
        let status = tokio::time::timeout(GUARD, async {
            loop {
                match called() {
                    Some(status) => return status,
                    None => tokio::task::yield_now().await,
                }
            }
        });
        assert_eq!(
            status.await.unwrap(),
            if counts { 200 } else { 404 },
            "{sub_path:?} {exact}"
        );
        assert_eq!(
            receiver.counters().stored,
            u64::from(counts),
            "{sub_path:?} {exact}"
        );
    }
}

#[tokio::test]
async fn nothing_else_is_served_there() {
    let hall = Hall::open().await;
    hall.card();
    let basic = "Basic aGVybW9kOmNhbGxiYWNrLXBhc3N3b3Jk";
    let ask = async |method: &str, path: &str, auth: &str| {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let address = hall.base.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let body = r#"{"commandId":"1","state":"TIMEOUT"}"#;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: {auth}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    let verb = format!("{PERSONAL_MESSAGING}/callback/authenticate");
    assert_eq!(ask("POST", PERSONAL_MESSAGING, basic).await, 200);
    assert_eq!(ask("POST", &verb, basic).await, 200);
    assert_eq!(
        ask("POST", &format!("{PERSONAL_MESSAGING}?x=1"), basic).await,
        200
    );
    for path in [
        "/".to_owned(),
        "/callback/authenticate".to_owned(),
        "/https/api/rest/v3.0/personalmessagin".to_owned(),
        format!("{PERSONAL_MESSAGING}/"),
        format!("{PERSONAL_MESSAGING}x"),
        format!("/{PERSONAL_MESSAGING}"),
        format!("{PERSONAL_MESSAGING}/callback"),
        format!("{PERSONAL_MESSAGING}/callback/"),
        format!("{PERSONAL_MESSAGING}/callback/x/authenticate"),
        format!("{PERSONAL_MESSAGING}/callback/nothing"),
        PERSONAL_MESSAGING.replace("v3.0", "v1.0"),
        PERSONAL_MESSAGING.replace("/https", "/http"),
        PERSONAL_MESSAGING.to_uppercase(),
        PERSONAL_MESSAGING.replace("personal", "%70ersonal"),
    ] {
        assert_eq!(ask("POST", &path, basic).await, 404, "{path}");
    }
    assert_eq!(ask("POST", PERSONAL_MESSAGING, "Basic eDp5").await, 401);
    assert_eq!(ask("GET", PERSONAL_MESSAGING, basic).await, 405);
}
