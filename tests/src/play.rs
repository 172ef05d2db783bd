//! One command from its sending to what its answer proves, as one word: for tables of personas and of settings. Nothing waits for time
//! to pass: clocks stand still, the device acts when it is told to, and what has come by then counts.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use smartid::core::{Endpoint, ManualRuntime, Timestamp};
use smartid::hermod::admin_key::{AdminKey, NewAdminKey, TripleDesAdminKey};
use smartid::hermod::answers::{Binding, SignaturePolicy, Signers};
use smartid::hermod::commands::provision::{KeyRequest, KeyTypePriority, Provision, Usage, VisualData};
use smartid::hermod::commands::{
    Authenticate, Cancel, CommandStatus, DeleteMailbox, DeleteProfile, InstallCertificates, Nonce, Ping,
    Profiles, Sign, StartPinReset,
};
use smartid::hermod::content::Content;
use smartid::hermod::pin_reset::{Driver, DriverName, DriverType, PinReset};
use smartid::hermod::wait::{PollHealth, PollPolicy, Step};
use smartid::hermod::{
    CommandHeader, CommandReport, Entry, ImmediateResponse, MobileLinkOptions, Outcome, Pending,
    SignatureFormat, SignatureMechanism, auth,
};
use smartid::trust::Curve;
use smartid::trust::jws::{JwkSet, JwsPolicy};
use smartid::{HermodDialect, Phase};
use smartid_sim::pki::{Key, KeyKind, Profile};
use smartid_sim::{
    DeviceReport, Fault, FaultKind, Party, Persona, Record, Route, RoutePattern, SimClock, SimConfig,
};

use crate::Setup;
use crate::messaging::{ADMIN_KEY, ALICE, ApiUser, Bench, Enrolled, Sent, jpeg, shown, signer};

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// A new profile on a phone.
    Provision,
    /// New keys for the profile.
    Update,
    /// A certificate for its key.
    Certificate,
    /// Who holds the card.
    Authenticate,
    /// A signature with the card.
    Sign,
    /// Device information.
    Ping,
    /// Both halves of a PIN reset.
    PinReset,
    /// The profile is deleted on the phone.
    DeleteProfile,
    /// Its mailbox alone is deleted.
    DeleteMailbox,
    /// A sign command is withdrawn.
    Cancel,
}

/// How the device comes to the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// By the link of the immediate response.
    Link,
    /// It looks into its mailboxes.
    Look,
}

/// What is played.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Play {
    /// What is sent.
    pub command: Command,
    /// Who answers.
    pub persona: Persona,
    /// How.
    pub way: Way,
    /// On a phone; on the Desktop App otherwise.
    pub phone: bool,
    /// The format that is asked for; none where empty.
    pub format: &'static str,
    /// The mechanism that is asked for; none where empty.
    pub mechanism: &'static str,
    /// What is to be signed.
    pub texts: &'static [&'static str],
    /// A nonce beside that.
    pub nonce: bool,
    /// Any format is taken.
    pub any_format: bool,
    /// The user must be named.
    pub user: bool,
    /// The key counts although no certificate is with it.
    pub raw_key: bool,
    /// The answer is polled, not called back.
    pub poll: bool,
    /// A picture or card is named by its content id.
    pub picture: bool,
    /// The provider does not have it.
    pub no_content: bool,
    /// The admin key is changed.
    pub new_admin_key: bool,
    /// The token is named by its driver.
    pub driver: bool,
    /// The token that the second half names; the one of the first where empty.
    pub end_card: &'static str,
    /// The header names the user.
    pub addressed: bool,
    /// The Desktop App has a profile too, with a mailbox.
    pub desktop_profile: bool,
    /// Another phone has a profile of the same user.
    pub second_phone: bool,
    /// The app that was opened by a link leaves after the first command.
    pub leaves: bool,
    /// Changes the answer on its way, which is then told in the place of the simulator's own.
    pub told: Option<fn(&mut Value, &Stage)>,
}

impl Play {
    /// The usual way of that command.
    #[must_use]
    pub const fn of(command: Command) -> Self {
        let phone = matches!(
            command,
            Command::Provision
                | Command::Update
                | Command::Certificate
                | Command::DeleteProfile
                | Command::DeleteMailbox
        );
        let look = matches!(command, Command::Update | Command::DeleteProfile);
        let signs = matches!(command, Command::Sign | Command::Authenticate | Command::Cancel);
        Self {
            command,
            persona: Persona::Approves,
            way: if look { Way::Look } else { Way::Link },
            phone,
            format: if signs { "pkcs7" } else { "" },
            mechanism: "",
            texts: if signs { &["Order 17"] } else { &[] },
            nonce: false,
            any_format: false,
            user: false,
            raw_key: false,
            poll: false,
            picture: false,
            no_content: false,
            new_admin_key: false,
            driver: false,
            end_card: "",
            addressed: matches!(command, Command::Update),
            desktop_profile: false,
            second_phone: false,
            leaves: false,
            told: None,
        }
    }

    /// With another person.
    #[must_use]
    pub const fn by(mut self, persona: Persona) -> Self {
        self.persona = persona;
        self
    }

    /// In another format.
    #[must_use]
    pub const fn format(mut self, format: &'static str) -> Self {
        self.format = format;
        self
    }

    /// By another mechanism.
    #[must_use]
    pub const fn mechanism(mut self, mechanism: &'static str) -> Self {
        self.mechanism = mechanism;
        self
    }

    /// With other things to sign.
    #[must_use]
    pub const fn texts(mut self, texts: &'static [&'static str]) -> Self {
        self.texts = texts;
        self
    }

    /// Found by looking into the mailboxes.
    #[must_use]
    pub const fn looking(mut self) -> Self {
        self.way = Way::Look;
        self
    }

    /// With the link.
    #[must_use]
    pub const fn linked(mut self) -> Self {
        self.way = Way::Link;
        self
    }

    /// On a phone, which has a profile.
    #[must_use]
    pub const fn on_phone(mut self) -> Self {
        self.phone = true;
        self
    }

    /// With a picture from the content provider.
    #[must_use]
    pub const fn with_picture(mut self) -> Self {
        self.picture = true;
        self
    }

    /// Where there is none.
    #[must_use]
    pub const fn without_content(mut self) -> Self {
        self.no_content = true;
        self
    }

    /// Without anything to sign, but with a nonce.
    #[must_use]
    pub const fn with_nonce(mut self) -> Self {
        self.nonce = true;
        self.texts = &[];
        self
    }

    /// Without anything to sign, and without a nonce.
    #[must_use]
    pub const fn with_nothing_to_sign(mut self) -> Self {
        self.nonce = false;
        self.texts = &[];
        self
    }

    /// With a change of the admin key.
    #[must_use]
    pub const fn with_new_admin_key(mut self) -> Self {
        self.new_admin_key = true;
        self
    }

    /// By a key that counts without a certificate.
    #[must_use]
    pub const fn with_raw_key(mut self) -> Self {
        self.raw_key = true;
        self
    }

    /// Whatever the format is.
    #[must_use]
    pub const fn in_any_format(mut self) -> Self {
        self.any_format = true;
        self
    }

    /// By the user, who must be named.
    #[must_use]
    pub const fn by_the_user(mut self) -> Self {
        self.user = true;
        self
    }

    /// Of a token that a driver reaches.
    #[must_use]
    pub const fn through_driver(mut self) -> Self {
        self.driver = true;
        self
    }

    /// To the user.
    #[must_use]
    pub const fn addressed(mut self) -> Self {
        self.addressed = true;
        self
    }

    /// To where the dialect says.
    #[must_use]
    pub const fn unaddressed(mut self) -> Self {
        self.addressed = false;
        self
    }

    /// With a profile on the Desktop App.
    #[must_use]
    pub const fn with_desktop_profile(mut self) -> Self {
        self.desktop_profile = true;
        self
    }

    /// With another phone of the same user.
    #[must_use]
    pub const fn with_second_phone(mut self) -> Self {
        self.second_phone = true;
        self
    }

    /// With an app that leaves after the first half.
    #[must_use]
    pub const fn leaving(mut self) -> Self {
        self.leaves = true;
        self
    }

    /// With another token in the second half.
    #[must_use]
    pub const fn ending_with(mut self, card: &'static str) -> Self {
        self.end_card = card;
        self
    }

    /// Polled.
    #[must_use]
    pub const fn polled(mut self) -> Self {
        self.poll = true;
        self
    }

    /// With another answer in the place of the device's.
    #[must_use]
    pub const fn told(mut self, change: fn(&mut Value, &Stage)) -> Self {
        self.told = Some(change);
        self
    }

    fn header(&self, user: &ApiUser) -> CommandHeader {
        if self.addressed {
            user.to(ALICE)
        } else {
            user.hermod.header()
        }
    }
}

/// A simulator that is set in one way, and a client that is set in one way.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stage {
    /// As it was when devices got what they have.
    pub bench: Bench,
    /// The API user as it is now.
    pub user: ApiUser,
    /// The profile on the phone.
    pub enrolled: Option<Enrolled>,
    /// The key on the card.
    pub key: Key,
    /// Its certificate and that of the authority.
    pub chain: Vec<Vec<u8>>,
}

/// The card in the reader.
pub const CARD: &str = "card-1";

/// The content id of the picture.
pub const PICTURE: &str = "AUTH:11111111-0000-4000-8000-000000000001";

/// The content id of the card.
pub const PROFILE_CARD: &str = "PROV:11111111-0000-4000-8000-000000000002";

fn word<T>(outcome: &Outcome<T>) -> String {
    match outcome {
        Outcome::Failed { code, .. } => format!("failed: {}", code.as_deref().unwrap_or_default()),
        other => other.name().to_owned(),
    }
}

impl Stage {
    /// Everything that the play needs is there before simulator and client are set.
    pub async fn set(sim: &str, messaging: &HermodDialect, play: &Play) -> Self {
        let mut setup = Setup::default();
        setup.clock = SimClock::manual();
        let now = Timestamp::from_millis(setup.clock.unix_millis());
        setup.runtime = Arc::new(ManualRuntime::new(now));
        setup.timeout = Duration::from_secs(250);
        setup.polling = PollPolicy::off();
        let bench = Bench::start(setup.clone()).await;
        let enrolled = match (play.phone, play.command) {
            (true, Command::Sign | Command::Authenticate) => {
                Some(bench.enrol_with_certificate(&bench.sim.mobile()).await)
            }
            (true, command) if command != Command::Provision => {
                Some(bench.enrol(&bench.sim.mobile(), [signer()]).await)
            }
            _ => None,
        };
        let kind = if play.mechanism.contains("RSA") {
            KeyKind::Rsa2048
        } else {
            KeyKind::P256
        };
        let key = Key::generate(kind).unwrap();
        let chain = bench.insert_card(CARD, &key);
        if play.desktop_profile {
            bench.enrol_desktop([signer()]).await;
        }
        if play.second_phone {
            bench.enrol(&bench.sim.new_mobile(), [signer()]).await;
        }
        let mut config = SimConfig::from_toml(sim).unwrap_or_else(|error| panic!("{sim}: {error}"));
        config.seed = Some(7);
        config.mobile.auto = Some(false);
        bench.sim.reconfigure(|live| *live = config);
        setup.messaging = messaging.clone();
        let user = ApiUser::start(&bench.sim, bench.sim.hermod_client_id(), &setup).await;
        if play.picture && !play.no_content {
            let keep = Duration::from_secs(300);
            let image = Content::auth_image(&jpeg("compare me")).unwrap();
            user.content.put(PICTURE.into(), image, keep).unwrap();
            let card = Content::card(&jpeg("the front")).unwrap();
            let card = card.with_back("eyJhbGciOiJSUzI1NiJ9.e30.c2ln").unwrap();
            user.content.put(PROFILE_CARD.into(), card, keep).unwrap();
        }
        Self {
            bench,
            user,
            enrolled,
            key,
            chain,
        }
    }

    /// Plays it; how it ended.
    pub async fn play(&self, play: &Play) -> String {
        match self.perform(play).await {
            Ok(word) | Err(word) => word,
        }
    }

    async fn call<E>(&self, command: &E) -> Result<E::Output, String>
    where
        E: Endpoint<Auth = auth::ApiKey, Dialect = HermodDialect>,
    {
        self.user.hermod.call(command).await.map_err(|error| {
            match error.phase() {
                Phase::NotSent => "not-sent",
                Phase::Refused => "refused",
                Phase::Unreadable => "response-unreadable",
                _ => "unreachable",
            }
            .to_owned()
        })
    }

    async fn send<E>(&self, header: &CommandHeader, command: &E) -> Result<Sent, String>
    where
        E: Endpoint<Auth = auth::ApiKey, Dialect = HermodDialect, Output = ImmediateResponse>,
    {
        let pending = Pending::new(header, self.user.now());
        let answer = self.call(command).await?;
        let pending = pending.answered(&answer);
        Ok(Sent { answer, pending })
    }

    /// The device comes and answers; waits until we were called back.
    async fn act(&self, play: &Play, sent: &Sent) -> Result<Option<DeviceReport>, String> {
        let sim = &self.bench.sim;
        let before = self.user.calls().len();
        let persona = play.persona;
        let link = match (play.way, play.command) {
            (Way::Look, _) => None,
            (Way::Link, Command::Provision) => {
                let link = sent.answer.mobile_link(&MobileLinkOptions::new());
                Some(link.map_err(|_| "no-link")?.expose().to_owned())
            }
            (Way::Link, _) => Some(sent.answer.link().ok_or("no-link")?.expose().to_owned()),
        };
        let (phone, desktop) = (sim.mobile(), sim.desktop());
        let on_phone = play.phone;
        let mut device = tokio::spawn(async move {
            match (on_phone, link) {
                (true, Some(link)) => phone.open_as(&link, persona).await,
                (true, None) => phone.check_as(persona).await,
                (false, Some(link)) => desktop.open_as(&link, persona).await,
                (false, None) => desktop.check_as(persona).await,
            }
        });
        if persona == Persona::Slow {
            self.think(|| device.is_finished()).await;
        }
        let ended = tokio::select! {
            ended = &mut device => ended.unwrap(),
            // Without its content the message is gone and the app waits for another one.
            () = self.content_failed(before) => {
                device.abort();
                return Ok(None);
            }
        };
        let report = ended.map_err(|_| "the-app-gave-up".to_owned())?;
        if persona == Persona::NeverOpens {
            sim.advance(Duration::from_secs(251));
            self.user.called_back(before, 1).await;
            return Ok(None);
        }
        if report.messages == 0 {
            return Err("not-delivered".to_owned());
        }
        let taken = report
            .accepted
            .iter()
            .filter(|status| (200..300).contains(*status));
        self.user.called_back(before, taken.count()).await;
        Ok(Some(report))
    }

    /// Time passes until the slow person has thought, from when the message was fetched on.
    async fn think(&self, done: impl Fn() -> bool) {
        let sim = &self.bench.sim;
        let fetched = |record: &Record| {
            let below = record.path.split("/ms/").nth(1);
            record.method == "GET" && record.status == Some(200) && below.is_some_and(|ids| ids.contains('/'))
        };
        let before = sim.records().iter().filter(|record| fetched(record)).count();
        while !done() {
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
            if sim.records().iter().filter(|record| fetched(record)).count() > before {
                sim.advance(Duration::from_secs(1));
            }
        }
    }

    /// A callback tells that the content could not be had; no app has answered.
    async fn content_failed(&self, before: usize) {
        let failures = || {
            let told = |record: &Record| {
                let body = record.json().filter(|_| record.party == Party::Callback);
                body.is_some_and(|body| body["error"]["code"] == "CONTENT_PROVIDER")
            };
            self.bench
                .sim
                .records()
                .iter()
                .filter(|record| told(record))
                .count()
        };
        let (mut count, failed) = (before, failures());
        while failures() == failed {
            count = self.user.called(count + 1).await.len();
        }
    }

    /// What has come by now.
    async fn report(&self, play: &Play, pending: &Pending) -> Result<CommandReport, String> {
        let sim = &self.bench.sim;
        if let Some(change) = play.told {
            let sent = sim
                .records()
                .into_iter()
                .rev()
                .find(|record| record.party == Party::Callback);
            let mut body = sent.unwrap().json().unwrap();
            change(&mut body, self);
            let kind = FaultKind::body("application/json", body.to_string());
            sim.faults()
                .inject(Fault::new(RoutePattern::route(Route::HermodPoll), kind));
        }
        if play.poll || play.told.is_some() {
            let id = pending.command_id.clone().unwrap();
            return self.call(&CommandStatus::new(id)).await;
        }
        let hermod = &self.user.hermod;
        let policy = PollPolicy::off();
        let step = hermod.wait_step(&*self.user.inbox, pending, &policy, PollHealth::default());
        match step.await.unwrap().0 {
            Step::Done(waited) => waited.report.ok_or_else(|| "no-report".to_owned()),
            _ => Err("no-report".to_owned()),
        }
    }

    async fn perform(&self, play: &Play) -> Result<String, String> {
        match play.command {
            Command::Provision | Command::Update => self.provision(play).await,
            Command::Certificate => self.certificate(play).await,
            Command::Sign | Command::Authenticate => self.sign(play).await,
            Command::Ping => self.ping(play).await,
            Command::PinReset => self.pin_reset(play).await,
            Command::DeleteProfile => self.delete_profile(play).await,
            Command::DeleteMailbox => self.delete_mailbox().await,
            Command::Cancel => self.cancel(play).await,
        }
    }

    fn profile(&self) -> String {
        self.enrolled.as_ref().unwrap().profile()
    }

    async fn provision(&self, play: &Play) -> Result<String, String> {
        let header = play.header(&self.user);
        let mut command = match play.command {
            Command::Update => Provision::update(header.clone(), ALICE, self.profile()),
            _ => Provision::new_profile(header.clone(), ALICE, "Example Smart ID", "Work phone"),
        };
        let login = KeyRequest::new("login", Usage::Authentication, [KeyTypePriority::ec(Curve::P256)]);
        command = command
            .nonce(Nonce::random(&**self.user.hermod.runtime()))
            .key(signer())
            .key(login);
        if play.picture {
            command = command.visual(VisualData::content(PROFILE_CARD));
        }
        let sent = self.send(&header, &command).await?;
        self.act(play, &sent).await?;
        let report = self.report(play, &sent.pending).await?;
        let outcome = report.provision(self.user.hermod.dialect());
        let Outcome::Succeeded(answer) = outcome else {
            return Ok(word(&outcome));
        };
        let policy = command.policy(&self.bench.attestation());
        if let Err(refusal) = answer.verify(&policy, self.user.now()) {
            return Ok(refusal.code().to_owned());
        }
        let profiles = self.bench.sim.mobile().profiles();
        let front = profiles.last().and_then(|profile| profile.visual.front.clone());
        let card = if front == Some(jpeg("the front")) {
            ", card shown"
        } else {
            ""
        };
        Ok(format!("verified{card}"))
    }

    async fn certificate(&self, play: &Play) -> Result<String, String> {
        let enrolled = self.enrolled.as_ref().unwrap();
        let header = play.header(&self.user);
        let command = InstallCertificates::new(header.clone())
            .user(ALICE)
            .profile(self.profile())
            .nonce(Nonce::random(&**self.user.hermod.runtime()))
            .confirmed_by("ATTESTATION")
            .certificate(self.bench.issue(enrolled, "signer", Profile::Signing));
        let sent = self.send(&header, &command).await?;
        self.act(play, &sent).await?;
        let report = self.report(play, &sent.pending).await?;
        let outcome = report.certificate(self.user.hermod.dialect());
        let Outcome::Succeeded(installed) = outcome else {
            return Ok(word(&outcome));
        };
        let Some(confirmation) = installed.confirmation else {
            return Ok("unconfirmed".to_owned());
        };
        let policy = command.policy(&self.bench.attestation()).unwrap();
        if let Err(refusal) = confirmation.verify(&policy, self.user.now()) {
            return Ok(refusal.code().to_owned());
        }
        let profiles = self.bench.sim.mobile().profiles();
        let key = profiles
            .last()
            .and_then(|profile| profile.key("signer").cloned())
            .unwrap();
        assert_eq!(key.chain.len(), 2);
        let protection = key
            .protection
            .map(|level| format!(", {level}"))
            .unwrap_or_default();
        Ok(format!("installed{protection}"))
    }

    async fn sign(&self, play: &Play) -> Result<String, String> {
        let user = &self.user;
        let header = play.header(user);
        let mut entries = play.texts.iter().map(|text| Entry::text("tbs", text));
        let format = Some(SignatureFormat::from(play.format)).filter(|_| !play.format.is_empty());
        let mechanism = Some(SignatureMechanism::from(play.mechanism)).filter(|_| !play.mechanism.is_empty());
        let nonce = play.nonce.then(|| Nonce::random(&**user.hermod.runtime()));
        let mut description = vec![Entry::text("requester", "Bank")];
        if play.picture {
            description.push(Entry::authentication_image_by_id(PICTURE));
        }
        let (sent, mut asked) = if play.command == Command::Sign {
            let mut command = Sign::new(header.clone(), entries.next().unwrap());
            command.tbs.extend(entries);
            (command.format, command.mechanism, command.nonce) = (format, mechanism, nonce);
            command.description = description;
            (self.send(&header, &command).await?, command.expectation())
        } else {
            let mut command = Authenticate::new(header.clone());
            command.tbs.extend(entries);
            (command.format, command.mechanism, command.nonce) = (format, mechanism, nonce);
            command.description = description;
            (self.send(&header, &command).await?, command.expectation())
        };
        if play.user {
            asked = asked.user(ALICE);
        }
        let seen = self.act(play, &sent).await?;
        let report = self.report(play, &sent.pending).await?;
        let outcome = report.sign(user.hermod.dialect(), &asked);
        let Outcome::Succeeded(answer) = outcome else {
            return Ok(word(&outcome));
        };
        let mut signers = self.bench.signers();
        if play.raw_key {
            let key = JwkSet::from_json(self.key.jwk(Some("signer")).to_string()).unwrap();
            signers = Signers::keys(key);
        }
        let mut policy = SignaturePolicy::new(asked, &signers);
        if play.any_format {
            policy = policy.accepting_any_format();
        }
        let statement = match answer.verify(&policy, user.now()) {
            Ok(verified) => verified.into_parts().0,
            Err(refusal) => return Ok(refusal.code().to_owned()),
        };
        let mut words = "verified".to_owned();
        for (bound, name) in [
            (Binding::Description, ", description bound"),
            (Binding::User, ", user bound"),
            (Binding::Nonce, ", nonce bound"),
        ] {
            if statement.is_bound(bound) {
                words += name;
            }
        }
        if seen.is_some_and(|report| shown(&report).get("auth_image") == Some(&jpeg("compare me"))) {
            words += ", picture shown";
        }
        Ok(words)
    }

    async fn ping(&self, play: &Play) -> Result<String, String> {
        let header = play.header(&self.user);
        let sent = self
            .send(&header, &Ping::new(header.clone()).device_info(true))
            .await?;
        self.act(play, &sent).await?;
        let report = self.report(play, &sent.pending).await?;
        let outcome = report.ping(self.user.hermod.dialect());
        let Outcome::Succeeded(info) = outcome else {
            return Ok(word(&outcome));
        };
        let told = info.is_some_and(|info| info.json.contains("operatingsystem"));
        Ok(if told { "info told" } else { "succeeded" }.to_owned())
    }

    async fn delete_profile(&self, play: &Play) -> Result<String, String> {
        let header = play.header(&self.user);
        let command = DeleteProfile::new(header.clone(), Profiles::one(ALICE, self.profile()));
        let sent = self.send(&header, &command).await?;
        self.act(play, &sent).await?;
        let report = self.report(play, &sent.pending).await?;
        let outcome = report.delete_profile(self.user.hermod.dialect());
        let gone = self.bench.sim.mobile().profiles().is_empty();
        assert_eq!(gone, matches!(outcome, Outcome::Succeeded(_)));
        Ok(word(&outcome))
    }

    async fn delete_mailbox(&self) -> Result<String, String> {
        let command = DeleteMailbox::new(self.user.hermod.header(), Profiles::one(ALICE, self.profile()));
        let deleted = self.call(&command).await?;
        Ok(word(&deleted.outcome()))
    }

    async fn cancel(&self, play: &Play) -> Result<String, String> {
        let header = play.header(&self.user);
        let command = Sign::new(header.clone(), Entry::text("tbs", "Order 17"));
        let sent = self.send(&header, &command).await?;
        let answer = self.call(&Cancel::new(sent.answer.command_id.clone())).await?;
        Ok(answer.map_or_else(|| "agreed".to_owned(), |report| report.state.to_string()))
    }

    async fn pin_reset(&self, play: &Play) -> Result<String, String> {
        let (user, sim) = (&self.user, &self.bench.sim);
        let dialect = user.hermod.dialect();
        let header = play.header(user);
        let command = if play.driver {
            StartPinReset::through(
                header.clone(),
                Driver::new(DriverName::Vsc, DriverType::Minidriver),
            )
        } else {
            StartPinReset::smart_card(header.clone(), CARD)
        };
        let sent = self.send(&header, &command).await?;
        let mut reset = PinReset::started(&command, &sent.answer, user.now());
        let desktop = sim.desktop();
        let (before, pin) = (user.calls().len(), desktop.pin_of(CARD));
        // An app that was opened by the link stays for the second half.
        let mut app = None;
        if play.way == Way::Link {
            let link = sent.answer.link().ok_or("no-link")?.expose().to_owned();
            let (desktop, persona) = (desktop.clone(), play.persona);
            app = Some(tokio::spawn(async move { desktop.open_as(&link, persona).await }));
        } else if desktop.check_as(play.persona).await.unwrap().messages == 0 {
            return Err("not-delivered".to_owned());
        }
        match play.persona {
            Persona::NeverOpens => sim.advance(Duration::from_secs(251)),
            Persona::Slow => self.think(|| user.calls().len() > before).await,
            _ => (),
        }
        user.called_back(before, 1).await;
        let report = self.report(play, &reset.start).await?;
        let mut outcome = report.start_pin_reset(dialect);
        if let Outcome::Succeeded(signed) = report.start_pin_reset_signed(dialect) {
            let key = JwkSet::from_json(self.key.jwk(Some("signer")).to_string()).unwrap();
            let verified = signed.verify(&JwsPolicy::keys(key), user.now()).unwrap();
            let challenge = report.verified_pin_reset(verified, dialect);
            outcome = challenge.map(|challenge| challenge.into_parts().0);
        }
        let Outcome::Succeeded(challenge) = outcome else {
            return Ok(word(&outcome));
        };
        let key = TripleDesAdminKey::from_octets(&ADMIN_KEY).unwrap();
        let proof = key.respond(challenge.nonce.expose()).await.unwrap();
        let mut end = reset
            .prove(user.hermod.header(), &challenge, proof, user.now())
            .unwrap();
        if !play.end_card.is_empty() {
            end = end.smart_card_id(play.end_card);
        }
        let new_key = NewAdminKey::from_octets(b"another-key-0f-the-c4rds").unwrap();
        if play.new_admin_key {
            let Ok(protected) = challenge.protect(&new_key, dialect) else {
                return Ok("not-protected".to_owned());
            };
            end = end.new_admin_key(protected);
        }
        if play.leaves
            && let Some(app) = &mut app
        {
            // Its session is over before the second half comes.
            app.await.unwrap().unwrap();
        }
        let answer = self.call(&end).await?;
        reset.proved(&answer);
        let pending = reset.end.clone().unwrap();
        if play.way == Way::Look || app.as_ref().is_some_and(tokio::task::JoinHandle::is_finished) {
            if desktop.check_as(play.persona).await.unwrap().messages == 0 {
                return Err("not-delivered".to_owned());
            }
        } else if !self.waits_for(&answer) {
            return Err("not-delivered".to_owned());
        }
        if play.persona == Persona::Slow {
            self.think(|| user.calls().len() > before + 1).await;
        }
        user.called_back(before, 2).await;
        if let Some(app) = app {
            app.abort();
        }
        let quiet = Play {
            told: None,
            ..play.clone()
        };
        let report = self.report(&quiet, &pending).await?;
        let outcome = report.end_pin_reset(dialect);
        let changed = (
            desktop.pin_of(CARD) != pin,
            desktop.admin_key_of(CARD) == Some(*new_key.expose()),
        );
        assert_eq!(changed.0 || changed.1, matches!(outcome, Outcome::Succeeded(_)));
        Ok(match changed {
            (true, false) => "PIN reset".to_owned(),
            (false, true) => "admin key changed".to_owned(),
            _ => word(&outcome),
        })
    }

    /// Whether the second half went into the box that the app has open.
    fn waits_for(&self, answer: &ImmediateResponse) -> bool {
        let opened = |record: &Record| {
            answer.destinations.iter().any(|to| {
                to.bid
                    .as_ref()
                    .is_some_and(|bid| record.path.ends_with(&format!("/ms/{bid}")))
            })
        };
        self.bench.sim.records().iter().any(opened)
    }
}
