//! Both halves of a PIN reset.

use smartid::hermod::admin_key::{AdminKey, NewAdminKey, TripleDesAdminKey};
use smartid::hermod::answers::PinResetChallenge;
use smartid::hermod::commands::StartPinReset;
use smartid::hermod::pin_reset::{Driver, DriverName, DriverType, PinReset};
use smartid::hermod::{CommandReport, ImmediateResponse, Outcome};
use smartid::trust::jws::{JwkSet, JwsPolicy};
use smartid_sim::{Persona, Record};
use std::time::Duration;

use super::{CARD, Play, Stage, Way, word};
use crate::messaging::ADMIN_KEY;

impl Stage {
    pub(super) async fn pin_reset(&self, play: &Play) -> Result<String, String> {
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
        let fetched = self.fetched();
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
            Persona::Slow => self.think(fetched, || user.calls().len() > before).await,
            _ => (),
        }
        user.called_back(before, 1).await;
        let report = self.report(play, &reset.start).await?;
        let outcome = self.challenge(&report);
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
        let fetched = self.fetched();
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
            self.think(fetched, || user.calls().len() > before + 1).await;
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

    /// The nonce, and what comes with it, signed or not.
    fn challenge(&self, report: &CommandReport) -> Outcome<PinResetChallenge> {
        let dialect = self.user.hermod.dialect();
        let Outcome::Succeeded(signed) = report.start_pin_reset_signed(dialect) else {
            return report.start_pin_reset(dialect);
        };
        let key = JwkSet::from_json(self.key.jwk(Some("signer")).to_string()).unwrap();
        let verified = signed.verify(&JwsPolicy::keys(key), self.user.now()).unwrap();
        let challenge = report.verified_pin_reset(verified, dialect);
        challenge.map(|challenge| challenge.into_parts().0)
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
