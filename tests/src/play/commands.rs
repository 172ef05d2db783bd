//! What each command is played with, and how its end is told.

use smartid::hermod::answers::{Binding, SignaturePolicy, Signers};
use smartid::hermod::commands::provision::{KeyRequest, KeyTypePriority, Provision, Usage, VisualData};
use smartid::hermod::commands::{
    Authenticate, Cancel, DeleteMailbox, DeleteProfile, InstallCertificates, Nonce, Ping, Profiles, Sign,
};
use smartid::hermod::{Entry, Outcome, SignatureFormat, SignatureMechanism};
use smartid::trust::Curve;
use smartid::trust::jws::JwkSet;
use smartid_sim::pki::Profile;

use super::{Command, PICTURE, PROFILE_CARD, Play, Stage, word};
use crate::messaging::{ALICE, jpeg, shown, signer};

impl Stage {
    pub(super) async fn perform(&self, play: &Play) -> Result<String, String> {
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
}
