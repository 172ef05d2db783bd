//! The ways to log in: user name, QR code, same device, Desktop; with certificates and without.

use super::*;
use smartid::da::personal::PersonalAccount;
use smartid::flows::personal_login::{How, MethodRefused, NotBegun, ProfileKey, Showing};
use smartid::hermod::commands::provision::{KeyRequest, KeyTypePriority, Usage};
use smartid::hermod::filter::CertificateFilter;
use smartid::hermod::{MobileLinkOptions, PollPolicy};
use smartid::trust::Curve;
use smartid_tests::messaging::shown;

#[tokio::test]
async fn by_user_name_the_mailbox_proves_the_user_and_the_picture_is_the_same() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let login = hall.login(mobile());
    let request = typed("alice").description("Log in to Example Bank").unwrap();
    let begun = login.begin(request).await.unwrap();
    assert!(matches!(begun.showing, Showing::Mailbox), "{begun:?}");
    let seen = answer(&phone, &begun, Persona::Approves).await.unwrap();
    let picture = begun.image.as_ref().unwrap().octets().unwrap();
    assert_eq!(shown(&seen)["auth_image"], picture.as_ref());
    assert_eq!(shown(&seen)["requester"], b"Log in to Example Bank");
    let end = end(&login, &begun).await;
    let logged_in = end.logged_in().unwrap();
    assert_eq!((logged_in.user.as_str(), logged_in.how), ("alice", How::Mailbox));
    assert!(
        logged_in
            .remarks
            .iter()
            .any(|remark| remark.contains("not verified here")),
        "{logged_in:?}"
    );
    assert_eq!(hall.receiver.counters().stored, 1);
}

#[tokio::test]
async fn by_user_name_with_a_certificate_that_names_the_user() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let login = hall.login(by_mail(mobile()));
    let end = on_phone(&login, typed("alice"), &phone, Persona::Approves).await;
    let logged_in = end.logged_in().unwrap();
    assert_eq!(
        (logged_in.user.as_str(), logged_in.how),
        ("alice", How::Certificate)
    );
    let certificate = logged_in.certificate.as_ref().unwrap();
    assert!(certificate.subject.contains("Alice Example"), "{certificate:?}");
    assert!(logged_in.remarks.iter().any(|remark| remark.contains("revoked")));
    // The same without a mapping: the mailbox names the user, and the certificate is validated.
    let login = hall.login(mobile().with_certificate_authentication(CA));
    let end = on_phone(&login, typed("alice"), &phone, Persona::Approves).await;
    assert_eq!(end.logged_in().unwrap().how, How::MailboxAndCertificate);
    // And by the code of a content provider's picture, which the command names only.
    let request = LoginRequest::new().image(LoginImage::by_id("AUTH:1").unwrap());
    let begun = login.begin(request.typed_user("alice").unwrap()).await.unwrap();
    assert_eq!(begun.image.unwrap().content_id().unwrap().as_str(), "AUTH:1");
    let sent = hall.bench.sim.records();
    let sent = sent.iter().rfind(|record| record.path.ends_with("/authenticate"));
    let body = sent.unwrap().json().unwrap();
    assert_eq!(body["authCommand"]["params"]["description"][0]["data"], "AUTH:1");
    assert_eq!(body["commandHeader"]["to"][0], ALICE);
}

#[tokio::test]
async fn by_qr_code_the_certificate_says_who_it_is() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let login = hall.login(by_mail(mobile()));
    let begun = login.begin(nobody()).await.unwrap();
    let Showing::Qr(link) = &begun.showing else {
        panic!("{begun:?}")
    };
    assert!(link.qr().unwrap().expose_svg().starts_with("<svg"));
    phone.open(link.expose()).await.unwrap();
    let end = end(&login, &begun).await;
    assert_eq!(end.logged_in().unwrap().user, "alice");
    assert!(!format!("{begun:?}").contains("token"), "{begun:?}");
}

#[tokio::test]
async fn on_the_same_device_the_picture_comes_first_and_the_app_then() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let method = by_mail(mobile()).with_same_device(Duration::from_secs(7), "Opening the app");
    let login = hall.login(method.clone());
    let begun = login.begin(nobody()).await.unwrap();
    let Showing::SameDevice { link, after, text } = &begun.showing else {
        panic!("{begun:?}")
    };
    assert_eq!(
        (*after, text.as_str()),
        (Duration::from_secs(7), "Opening the app")
    );
    assert!(link.expose().starts_with("com.nexusgroup.plugout:"));
    phone.open(link.expose()).await.unwrap();
    assert_eq!(end(&login, &begun).await.logged_in().unwrap().user, "alice");
    // With a typed name the command waits in the mailbox, and the app is only opened.
    let options = MobileLinkOptions::new().redirect("https://portal.example.test/back");
    let login = hall
        .builder(method, directory([alice(), bob()]))
        .start_link(options);
    let login = login.build().unwrap();
    let begun = login.begin(typed("alice")).await.unwrap();
    let link = begun.showing.link().unwrap().expose();
    assert!(link.starts_with("personal://start?"), "{link}");
    let report = phone.open(link).await.unwrap();
    assert_eq!(
        report.redirect.as_deref(),
        Some("https://portal.example.test/back")
    );
    assert_eq!(end(&login, &begun).await.logged_in().unwrap().user, "alice");
}

#[tokio::test]
async fn on_the_desktop_by_callback_and_by_poll() {
    let hall = Hall::open().await;
    hall.card();
    for polling in [PollPolicy::default(), PollPolicy::off()] {
        let login = hall
            .builder(desktop(), directory([alice(), bob()]))
            .polling(polling)
            .build()
            .unwrap();
        let end = on_desktop(&hall, &login, nobody(), Persona::Approves).await;
        let logged_in = end.logged_in().unwrap();
        assert_eq!(
            (logged_in.user.as_str(), logged_in.how),
            ("alice", How::Certificate)
        );
        let end = on_desktop(&hall, &login, typed("bob"), Persona::Approves).await;
        assert_eq!(end, End::OtherUser);
    }
    // Without callbacks at all.
    hall.bench.sim.set_callback("http://127.0.0.1:9/nowhere", None);
    let every = Duration::from_millis(100);
    let polling = PollPolicy::default().with_interval(every, every);
    let login = hall.builder(desktop(), directory([alice()])).polling(polling);
    let login = login.build().unwrap();
    let end = on_desktop(&hall, &login, nobody(), Persona::Approves).await;
    assert_eq!(end.logged_in().unwrap().user, "alice");
}

#[tokio::test]
async fn the_filter_of_the_method_chooses_the_key() {
    let hall = Hall::open().await;
    hall.card_of(&hall.bench.ca, "CN=Alice Example", KeyKind::P256, (0, 30));
    for (value, name) in [("EC", "logged-in"), ("RSA", "app-failed")] {
        let filter = CertificateFilter::eq("key.type", value);
        let method = desktop().with_certificate_filter(&filter).unwrap();
        let end = on_desktop(&hall, &hall.login(method), nobody(), Persona::Approves).await;
        assert_eq!(end.name(), name, "{end:?}");
    }
    // An authority adds a filter at Mobile when it is told how, and never at Desktop.
    let phone = hall.phone().await;
    let filters = async |login: PersonalLogin| {
        let begun = login.begin(nobody()).await.unwrap();
        let records = hall.bench.sim.records();
        let sent = records
            .iter()
            .rfind(|record| record.path.ends_with("/authenticate"));
        let body = sent.unwrap().json().unwrap();
        (begun, body["authCommand"]["params"]["filter"].to_string())
    };
    let users = || directory([alice()]);
    let issuer = Certificate::from_der(hall.bench.ca.issuer_der().to_vec()).unwrap();
    let name = issuer.subject().to_string();
    let common = name.split(',').find_map(|part| part.strip_prefix("CN=")).unwrap();
    // The app understands the common name, and we the whole name.
    let [common, whole] = [common, &name].map(|name| CertificateFilter::eq("cert.issuer", name));
    let either = CertificateFilter::or([common.clone(), whole]);
    let with = |method| {
        hall.builder(method, users())
            .filtering_by_authority(either.clone())
    };
    let login = with(by_mail(mobile())).build().unwrap();
    let (begun, filter) = filters(login.clone()).await;
    assert!(
        filter.contains("cert.issuer") && filter.contains("Issuing CA"),
        "{filter}"
    );
    answer(&phone, &begun, Persona::Approves).await.unwrap();
    assert_eq!(end(&login, &begun).await.name(), "logged-in");
    assert_eq!(filters(with(desktop()).build().unwrap()).await.1, "null");
    // A signer whom the filter does not let pass, as far as we understand it, is refused although the app let him.
    let login = hall
        .builder(by_mail(mobile()), users())
        .filtering_by_authority(common);
    let end = on_phone(&login.build().unwrap(), nobody(), &phone, Persona::Approves).await;
    assert!(
        matches!(&end, End::CertificateRefused(problem) if problem.code == "filter-does-not-match"),
        "{end:?}"
    );
}

#[tokio::test]
async fn without_certificates_somebody_is_typed_or_keys_are_known() {
    let hall = Hall::open().await;
    let phone = hall.bench.sim.mobile();
    let key = KeyRequest::new(
        "alice-key",
        Usage::Authentication,
        [KeyTypePriority::ec(Curve::P256)],
    );
    let enrolled = hall.bench.enrol(&phone, [key]).await;
    hall.call_back();
    let method = mobile;
    let desktop = PersonalMethod::desktop("Desktop", "Authentication Service 1");
    for (method, request) in [
        (method(), nobody()),
        (desktop.clone(), typed("alice")),
        (method().with_same_device(Duration::ZERO, ""), nobody()),
    ] {
        let refused = hall.login(method).begin(request).await.unwrap_err();
        assert!(
            matches!(&refused, NotBegun::Ended { end, .. } if **end == End::NobodyNamed),
            "{refused:?}"
        );
    }
    let key = enrolled.provisioned.key("alice-key").unwrap();
    let jwk = smartid::trust::jws::Jwk::from_public_key(key.public_key.clone()).with_id("alice-key");
    let known_of = |owner| {
        let users = [alice(), bob()].map(DirectoryUser::new);
        let key = ProfileKey::new(owner, jwk.clone());
        Arc::new(MemoryUserDirectory::new(users).with_profile_key(key)) as Arc<dyn UserDirectory>
    };
    let known = |owner| known_of(DirectoryUser::new(owner));
    let disabled = DirectoryUser::new(alice()).with_account(PersonalAccount::default());
    let login = hall.builder(method(), known_of(disabled)).build().unwrap();
    let end = on_phone(&login, nobody(), &phone, Persona::Approves).await;
    assert_eq!(end.name(), "personal-not-enabled", "{end:?}");
    let login = hall.builder(method(), known(alice())).build().unwrap();
    for request in [nobody(), typed("alice")] {
        let end = on_phone(&login, request, &phone, Persona::Approves).await;
        let logged_in = end.logged_in().unwrap();
        assert_eq!(
            (logged_in.user.as_str(), logged_in.how),
            ("alice", How::ProfileKey)
        );
    }
    for persona in [Persona::ForgesSignature, Persona::SignsOther, Persona::ReplaysOld] {
        let end = on_phone(&login, nobody(), &phone, persona).await;
        assert_eq!(end.name(), "answer-refused", "{persona}: {end:?}");
    }
    // Bob's name, and a mailbox in which Alice answers: he has no such key.
    let end = on_phone(&login, typed("bob"), &phone, Persona::Approves).await;
    assert_eq!(end.name(), "answer-refused", "{end:?}");
    // Whose the key is, is the directory's word, at the desktop too.
    let other = hall.builder(desktop, known(bob())).build().unwrap();
    let begun = other.begin(nobody()).await.unwrap();
    phone.open(begun.showing.link().unwrap().expose()).await.unwrap();
    assert_eq!(end_user(&other, &begun).await, "bob");
}

async fn end_user(login: &PersonalLogin, begun: &Begun) -> String {
    end(login, begun).await.logged_in().unwrap().user.clone()
}

#[tokio::test]
async fn a_method_that_cannot_work_is_refused_before_anything_is_sent() {
    let hall = Hall::open().await;
    let users = || directory([alice()]);
    let refusal = |method| hall.builder(method, users()).build().unwrap_err();
    let pair_missing = PersonalMethod::desktop("Desktop", "Service").with_certificate_authentication(CA);
    assert!(matches!(refusal(pair_missing), MethodRefused::Findings { findings, .. } if !findings.is_ok()));
    let disabled = mobile().with_availability(false, true);
    assert!(matches!(refusal(disabled), MethodRefused::NotEnabled { .. }));
    let other = mobile().with_certificate_authentication("Another CA");
    assert!(matches!(refusal(other), MethodRefused::AuthorityMissing { wanted } if wanted == "Another CA"));
    let commands = |record: &smartid_sim::Record| record.path.ends_with("/authenticate");
    assert!(!hall.bench.sim.records().iter().any(commands));
}
