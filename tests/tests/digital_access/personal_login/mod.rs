//! Personal login from end to end: the flow, the simulated messaging server, phones and desktops, callbacks over real HTTP at the path
//! where Digital Access takes them.

mod cut;
mod durable;
mod hostile;
mod receiver;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use smartid::core::tower::InboundService;
use smartid::da::CertificateAttribute;
use smartid::da::personal::{PersonalMethod, StoredUser};
use smartid::flows::personal_login::{
    Begun, CertificateAuthority, DirectoryUser, End, LoginImage, LoginRequest, MailboxName,
    MemoryUserDirectory, PERSONAL_MESSAGING, PersonalLogin, PersonalLoginBuilder, PersonalMessagingReceiver,
    SubPath, UserDirectory,
};
use smartid::store::FlowStore;
use smartid::trust::Certificate;
use smartid::{MemoryFlowStore, SecretString, SmartId, UserId};
use smartid_sim::pki::{Key, KeyKind, Profile, Validity};
use smartid_sim::{Card, DeviceReport, Mobile, Persona, SimError, TestCa};
use smartid_tests::messaging::{ALICE, Bench, GUARD, jpeg};
use smartid_tests::{CALLBACK_PASSWORD, Setup, clients_on};

/// The display name that methods have for the authority of the bench.
const CA: &str = "Example Issuing CA";

/// A bench with clients whose callbacks come to the path of Digital Access.
struct Hall {
    bench: Bench,
    smartid: SmartId,
    receiver: Arc<PersonalMessagingReceiver>,
    base: String,
}

fn user(id: &str) -> StoredUser {
    StoredUser::new(UserId::new(id).unwrap())
}

/// Alice has the phone, and Bob nothing.
fn alice() -> StoredUser {
    user("alice")
        .with("mail", ALICE)
        .with("displayName", "Alice Example")
        .with("box", ALICE)
}

fn bob() -> StoredUser {
    // His mailbox attribute is set to another's by mistake.
    user("bob").with("mail", "bob@example.test").with("box", ALICE)
}

fn directory(users: impl IntoIterator<Item = StoredUser>) -> Arc<dyn UserDirectory> {
    Arc::new(MemoryUserDirectory::new(
        users.into_iter().map(DirectoryUser::new),
    ))
}

fn mobile() -> PersonalMethod {
    PersonalMethod::mobile("Personal Mobile", "Authentication Service 1")
}

fn by_mail(method: PersonalMethod) -> PersonalMethod {
    method
        .with_certificate_authentication(CA)
        .with_mapping("mail", &CertificateAttribute::SUBJECT_ALT_NAME_EMAIL)
}

/// Cards have no alternative names, so the common name is mapped.
fn desktop() -> PersonalMethod {
    PersonalMethod::desktop("Personal Desktop", "Authentication Service 1")
        .with_certificate_authentication(CA)
        .with_mapping("displayName", &CertificateAttribute::COMMON_NAME)
}

fn nobody() -> LoginRequest {
    let image = LoginImage::jpeg(jpeg("boat")).unwrap();
    LoginRequest::new().image(image)
}

fn typed(name: &str) -> LoginRequest {
    nobody().typed_user(name).unwrap()
}

impl Hall {
    async fn open() -> Self {
        Self::of(Setup::default(), Arc::new(MemoryFlowStore::new())).await
    }

    /// With this path and setting of the receiver.
    async fn of(setup: Setup, store: Arc<dyn FlowStore>) -> Self {
        let bench = Bench::start(setup.clone()).await;
        let smartid = clients_on(
            Arc::clone(&setup.runtime),
            &bench.sim,
            setup.messaging.clone(),
            setup.digital_access.clone(),
            setup.timeout,
            store,
        );
        let (receiver, base) = serve(&smartid, SubPath::Either).await;
        Self {
            bench,
            smartid,
            receiver,
            base,
        }
    }

    /// From now on, messaging calls back where Digital Access would stand.
    fn call_back(&self) {
        let url = format!("{}{PERSONAL_MESSAGING}", self.base);
        self.bench
            .sim
            .set_callback(&url, Some(("hermod", CALLBACK_PASSWORD)));
    }

    /// Alice's phone, with a key and its certificate.
    async fn phone(&self) -> Mobile {
        let phone = self.bench.sim.mobile();
        self.bench.enrol_with_certificate(&phone).await;
        self.call_back();
        phone
    }

    /// The computer, with a card of this authority in it, valid for these days from so many days ago.
    fn card_of(&self, ca: &TestCa, subject: &str, kind: KeyKind, (from, days): (u64, u32)) {
        let key = Key::generate(kind).unwrap();
        let now = self.bench.sim.clock().unix_millis() / 1000;
        let validity = Validity::days(now - from * 86_400 - 30, days);
        let issued = ca
            .issue_for_key(subject, &key, Profile::Authentication, validity)
            .unwrap();
        let chain = [issued.der().to_vec(), ca.issuer_der().to_vec()];
        let card = Card::new("card").key("login", "AUTH", &key, &chain);
        self.bench.sim.desktop().insert_card(card);
        self.call_back();
    }

    fn card(&self) {
        let subject = "CN=Alice Example,O=Example";
        self.card_of(&self.bench.ca, subject, KeyKind::P256, (0, 30));
    }

    fn authority(&self) -> CertificateAuthority {
        let issuer = Certificate::from_der(self.bench.ca.issuer_der().to_vec()).unwrap();
        CertificateAuthority::new(CA, issuer).unwrap()
    }

    fn builder(&self, method: PersonalMethod, users: Arc<dyn UserDirectory>) -> PersonalLoginBuilder {
        self.smartid
            .personal_login(method, users)
            .unwrap()
            .authority(self.authority())
            .mailbox(MailboxName::Attribute("box".into()))
    }

    fn login(&self, method: PersonalMethod) -> PersonalLogin {
        let users = directory([alice(), bob()]);
        self.builder(method, users).build().unwrap()
    }
}

async fn serve(smartid: &SmartId, sub_path: SubPath) -> (Arc<PersonalMessagingReceiver>, String) {
    let path = PERSONAL_MESSAGING.parse().unwrap();
    let receiver = smartid
        .personal_messaging_receiver(&path)
        .unwrap()
        .basic_auth("hermod", SecretString::new(CALLBACK_PASSWORD))
        .build()
        .unwrap();
    let receiver = PersonalMessagingReceiver::new(receiver, path).unwrap();
    let receiver = Arc::new(receiver.sub_path(sub_path));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = InboundService::new(Arc::clone(&receiver) as _, Arc::clone(smartid.runtime()));
    let router = Router::new().fallback_service(service);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (receiver, format!("http://{address}"))
}

async fn end(login: &PersonalLogin, begun: &Begun) -> End {
    tokio::time::timeout(GUARD, login.complete(&begun.id))
        .await
        .unwrap()
        .unwrap()
}

/// Somebody looks at the phone, or opens what is shown there.
async fn answer(phone: &Mobile, begun: &Begun, persona: Persona) -> Result<DeviceReport, SimError> {
    match begun.showing.link() {
        Some(link) => phone.open_as(link.expose(), persona).await,
        None => phone.check_as(persona).await,
    }
}

/// Begins, lets that person answer on the phone, and completes.
async fn on_phone(login: &PersonalLogin, request: LoginRequest, phone: &Mobile, persona: Persona) -> End {
    let begun = login.begin(request).await.unwrap();
    answer(phone, &begun, persona).await.unwrap();
    end(login, &begun).await
}

/// Begins, lets that person open the link on the computer, and completes.
async fn on_desktop(hall: &Hall, login: &PersonalLogin, request: LoginRequest, persona: Persona) -> End {
    let begun = login.begin(request).await.unwrap();
    let link = begun.showing.link().unwrap().expose();
    let opened = hall.bench.sim.desktop().open_as(link, persona).await;
    opened.unwrap();
    end(login, &begun).await
}

/// A setup whose commands can be answered for so many seconds.
fn for_seconds(seconds: u64) -> Setup {
    let mut setup = Setup::default();
    setup.timeout = Duration::from_secs(seconds);
    setup
}
