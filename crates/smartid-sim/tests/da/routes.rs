//! Faults reach each part of the access point by its name.

use super::oidc::{AUTHORIZE, bench, code};
use crate::browser::Browser;
use smartid_sim::{Fault, FaultKind, Route};

#[tokio::test]
async fn faults_are_aimed_at_each_part() {
    let bench = bench("").await;
    let api = "/https/api/rest";
    for (route, path) in [
        (Route::DaToken, format!("{api}/v3.0/oauth2/token")),
        (Route::DaToken, format!("{api}/v3.0/oauth2/revoke")),
        (Route::DaOidc, "/.well-known/openid-configuration".into()),
        (Route::DaOidc, format!("{api}/v3.0/oauth2/jwks")),
        (Route::DaOidc, format!("{api}/v3.0/oauth2/userinfo")),
        (Route::DaPage, AUTHORIZE.into()),
        (Route::DaPage, "/wa/auth".into()),
        (Route::DaPage, "/wa/auth/wait".into()),
        (Route::DaPage, "/wa/desktop.html".into()),
        (Route::DaMe, format!("{api}/v1.0/me")),
        (Route::DaMe, format!("{api}/v1.0/me/attributes")),
        (
            Route::DaPersonal,
            format!("{api}/v3.0/personalmessaging/callback/authenticate"),
        ),
        (
            Route::DaPersonal,
            "/distribution-service/image/v1/rest/image/getcontent".into(),
        ),
        (Route::DaCredentials, format!("{api}/v3.0/webauthn/registration")),
    ] {
        bench
            .sim
            .faults()
            .inject(Fault::new(route, FaultKind::Huge { bytes: 10 }));
        let answer = Browser::new(&bench).get(&path).await;
        assert_eq!(
            (answer.text.as_str(), code(&bench).as_str()),
            ("        {}", "fault:huge"),
            "{path}"
        );
        assert_ne!(Browser::new(&bench).get(&path).await.text, "        {}");
    }
}
