//! The stage: a simulator and a client that are set in one way, and a device that acts when it is told to.

use std::sync::Arc;
use std::time::Duration;

use smartid::core::{Endpoint, ManualRuntime, Timestamp};
use smartid::hermod::commands::CommandStatus;
use smartid::hermod::content::Content;
use smartid::hermod::wait::{PollHealth, PollPolicy, Step};
use smartid::hermod::{CommandHeader, CommandReport, ImmediateResponse, MobileLinkOptions, Pending, auth};
use smartid::{HermodDialect, Phase};
use smartid_sim::pki::{Key, KeyKind};
use smartid_sim::{
    DeviceReport, Fault, FaultKind, Party, Persona, Record, Route, RoutePattern, SimClock, SimConfig,
};

use super::{CARD, Command, PICTURE, PROFILE_CARD, Play, Way};
use crate::Setup;
use crate::messaging::{ApiUser, Bench, Enrolled, Sent, jpeg, signer};

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

impl Stage {
    /// Everything that the play needs is there before simulator and client are set.
    pub async fn set(sim: &str, messaging: &HermodDialect, play: &Play) -> Self {
        let clock = SimClock::manual();
        let now = Timestamp::from_millis(clock.unix_millis());
        let mut setup = Setup {
            clock,
            runtime: Arc::new(ManualRuntime::new(now)),
            timeout: Duration::from_secs(250),
            polling: PollPolicy::off(),
            ..Setup::default()
        };
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

    pub(super) async fn call<E>(&self, command: &E) -> Result<E::Output, String>
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

    pub(super) async fn send<E>(&self, header: &CommandHeader, command: &E) -> Result<Sent, String>
    where
        E: Endpoint<Auth = auth::ApiKey, Dialect = HermodDialect, Output = ImmediateResponse>,
    {
        let pending = Pending::new(header, self.user.now());
        let answer = self.call(command).await?;
        let pending = pending.answered(&answer);
        Ok(Sent { answer, pending })
    }

    /// The device comes and answers; waits until we were called back.
    pub(super) async fn act(&self, play: &Play, sent: &Sent) -> Result<Option<DeviceReport>, String> {
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
        let fetched = self.fetched();
        let mut device = tokio::spawn(async move {
            match (on_phone, link) {
                (true, Some(link)) => phone.open_as(&link, persona).await,
                (true, None) => phone.check_as(persona).await,
                (false, Some(link)) => desktop.open_as(&link, persona).await,
                (false, None) => desktop.check_as(persona).await,
            }
        });
        if persona == Persona::Slow {
            self.think(fetched, || device.is_finished()).await;
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

    /// How many messages were fetched so far.
    pub(super) fn fetched(&self) -> usize {
        let fetched = |record: &Record| {
            let below = record.path.split("/ms/").nth(1);
            record.method == "GET" && record.status == Some(200) && below.is_some_and(|ids| ids.contains('/'))
        };
        let records = self.bench.sim.records();
        records.iter().filter(|record| fetched(record)).count()
    }

    /// Time passes until the slow person has thought, from when the message was fetched on: `before` is what was fetched before the app
    /// could have it.
    pub(super) async fn think(&self, before: usize, done: impl Fn() -> bool) {
        let sim = &self.bench.sim;
        while !done() {
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
            if self.fetched() > before {
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
    pub(super) async fn report(&self, play: &Play, pending: &Pending) -> Result<CommandReport, String> {
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
        if play.told.is_some() {
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
}
