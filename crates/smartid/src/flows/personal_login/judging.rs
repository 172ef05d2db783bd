//! What an answer proves: to which command it belongs, who signed, and who that is.
//!
//! Digital Access validates the signer's certificate with the method's certificate authority \[documented\] and looks for the user by
//! Certificate Attribute and User Attribute \[documented by the names of the properties\]. That it has to be exactly one user, and the one
//! who was typed, is inferred. Nothing that the answer says about itself counts before its signature was verified over this login's own
//! challenge, so that an answer of yesterday is none.

use smartid_core::Timestamp;
use smartid_da::personal::StoredUser;
use smartid_hermod::answers::{
    Binding, SignatureAnswer, SignatureExpectation, SignaturePolicy, SignatureRefusal, SignedStatement,
    Signers,
};
use smartid_hermod::{CommandReport, Outcome, State as CommandState};
use smartid_trust::jws::JwkSet;
use smartid_trust::{Certificate, Check, Radix};

use super::PersonalLogin;
use super::directory::{DirectoryUser, ProfileKeyQuery};
use super::end::{End, How, LoggedIn, SignerCertificate};
use super::refusing::{
    answer_refused, certificate_refused, is_of_another_mailbox, key_id, refused, unmapped,
};
use super::settings::ChallengePlace;
use super::state::{Place, Plan, Proof, State};
use super::waiting::{corrupt, unreadable};
use crate::flows::failure::FlowError;

/// The most values of one certificate that are looked up, and the most users that are compared with them.
const MAX_VALUES: usize = 16;
const MAX_CANDIDATES: usize = 1000;
/// The most profile keys that an answer is tried with.
const MAX_KEYS: usize = 64;

/// Who it is, or the end.
type Judged = Result<LoggedIn, Box<End>>;

impl PersonalLogin {
    /// The end that a final report means.
    pub(super) async fn judge(
        &self,
        state: &State,
        report: &CommandReport,
        now: Timestamp,
    ) -> Result<End, FlowError> {
        let (Some(asked), Some(plan), Some(pending)) = (&state.asked, &state.plan, &state.pending) else {
            return Err(corrupt("the flow has no command"));
        };
        if is_of_another_mailbox(report, pending) {
            let problem = "it is the answer of a mailbox that the command was not put into";
            let check =
                "which command this answers; an answer that somebody passes off as another's looks like this";
            return Ok(answer_refused("other-mailbox", problem, check));
        }
        let answer = match report.authenticate(self.hermod.dialect(), asked) {
            Outcome::Succeeded(answer) => Some(answer),
            Outcome::Declined => return Ok(End::Declined),
            Outcome::Cancelled => return Ok(End::Cancelled),
            Outcome::TimedOut => return Ok(End::TimedOut),
            Outcome::Failed { code, message } => {
                return Ok(End::AppFailed {
                    code: code.unwrap_or_else(|| "unknown".to_owned()),
                    message: message.unwrap_or_default(),
                });
            }
            // Messaging has validated it, and nothing in it is asked for.
            Outcome::Unreadable { .. }
                if plan.proof == Proof::Mailbox && report.state == CommandState::Success =>
            {
                None
            }
            Outcome::Unreadable { reason } => {
                let check = "where the signature stands in the callback (settings answers.signature.* of the messaging dialect); the program \
                             inspect reads a captured callback and says it";
                return Ok(unreadable(&reason, check));
            }
            _ => {
                return Ok(unreadable(
                    "the command is not over",
                    "the states of the messaging dialect",
                ));
            }
        };
        if now > pending.forget_after {
            return Ok(End::TooLate);
        }
        let at = state.no_earlier(now);
        let judged = match (plan.proof, &answer) {
            (Proof::Mailbox, answer) => self.by_mailbox(plan, answer.as_ref(), at),
            (Proof::Certificate, Some(answer)) => self.by_certificate(plan, asked, answer, at).await?,
            (Proof::ProfileKey, Some(answer)) => self.by_profile_key(plan, asked, answer, at).await?,
            (_, None) => return Err(corrupt("the flow has no answer")),
        };
        Ok(match judged {
            Ok(mut logged_in) => {
                let lints = report.lints.iter();
                let of_answer = answer.iter().flat_map(|answer| &answer.lints);
                logged_in
                    .remarks
                    .extend(lints.chain(of_answer).map(ToString::to_string));
                End::LoggedIn(logged_in)
            }
            Err(end) => *end,
        })
    }

    fn logged_in(&self, user: &str, how: How, at: Timestamp) -> LoggedIn {
        LoggedIn {
            user: user.to_owned(),
            how,
            at,
            method: self.settings.method.display_name().to_owned(),
            certificate: None,
            remarks: Vec::new(),
        }
    }

    /// The command lay in the user's mailbox, and messaging says that it was answered.
    fn by_mailbox(&self, plan: &Plan, answer: Option<&SignatureAnswer>, at: Timestamp) -> Judged {
        let (Some(user), Place::Mailbox(_)) = (&plan.user, &plan.place) else {
            return Err(End::NobodyNamed.into());
        };
        let mut logged_in = self.logged_in(user, How::Mailbox, at);
        let remark = match answer {
            Some(_) => {
                "the answer's signature was not verified here; messaging says that the answer is valid"
            }
            None => "the answer has no signature that can be read; messaging says that it is valid",
        };
        logged_in.remarks.push(remark.to_owned());
        Ok(logged_in)
    }

    /// The signer's certificate says who it is.
    async fn by_certificate(
        &self,
        plan: &Plan,
        asked: &SignatureExpectation,
        answer: &SignatureAnswer,
        at: Timestamp,
    ) -> Result<Judged, FlowError> {
        let Some(authority) = &self.settings.authority else {
            return Err(corrupt("the method has no certificate authority"));
        };
        let signers = Signers::certificates(authority.chains().clone());
        let statement = match self.verified(asked, answer, &signers, at) {
            Ok(statement) => statement,
            Err(end) => return Ok(Err(end)),
        };
        let mut certificates: Vec<&Certificate> = Vec::new();
        for signer in statement.signers() {
            match signer.certificate() {
                Some(certificate) if certificates.contains(&certificate) => {}
                Some(certificate) => certificates.push(certificate),
                None => return Ok(Err(refused(&SignatureRefusal::SignerUnnamed).into())),
            }
        }
        let [certificate] = certificates.as_slice() else {
            let check = "which app answered: one person signs one login";
            return Ok(Err(answer_refused(
                "several-signers",
                "several people have signed",
                check,
            )
            .into()));
        };
        let named = match self.named(plan, certificate).await? {
            Ok(named) => named,
            Err(end) => return Ok(Err(end)),
        };
        let (user, how) = named;
        let mut logged_in = self.logged_in(&user, how, at);
        logged_in.certificate = Some(SignerCertificate {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial: certificate.serial_number().to_text(Radix::Hex),
            not_after: certificate.not_after(),
        });
        let unchecked = statement
            .signers()
            .any(|signer| signer.proof.not_checked.contains(&Check::RevocationOfSigner));
        if unchecked {
            let remark =
                "whether the certificate is revoked was not checked: no revocation list is configured";
            logged_in.remarks.push(remark.to_owned());
        }
        Ok(Ok(logged_in))
    }

    /// The one user whom the certificate names, who must be the one who was typed.
    async fn named(
        &self,
        plan: &Plan,
        certificate: &Certificate,
    ) -> Result<Result<(String, How), Box<End>>, FlowError> {
        let Some(mapping) = &self.settings.mapping else {
            return Ok(match (&plan.user, &plan.place) {
                (Some(user), Place::Mailbox(_)) => Ok((user.clone(), How::MailboxAndCertificate)),
                _ => Err(End::NobodyNamed.into()),
            });
        };
        let values = match mapping.values(certificate) {
            Ok(values) if values.len() <= MAX_VALUES => values,
            Ok(_) => {
                let problem = "it has more values of the Certificate Attribute than anybody";
                return Ok(Err(certificate_refused("too-many-values", problem).into()));
            }
            Err(error) => return Ok(Err(unmapped(&error).into())),
        };
        let mut candidates: Vec<DirectoryUser> = Vec::new();
        for value in &values {
            let found = self
                .settings
                .directory
                .by_attribute(mapping.user_attribute(), value)
                .await?;
            candidates.extend(found.into_iter().take(MAX_CANDIDATES + 1));
            if candidates.len() > MAX_CANDIDATES {
                return Ok(Err(End::SeveralUsers.into()));
            }
        }
        let users: Vec<&StoredUser> = candidates.iter().map(DirectoryUser::user).collect();
        let user = match mapping.find(certificate, users, None) {
            Ok(user) => user.id(),
            Err(error) => return Ok(Err(unmapped(&error).into())),
        };
        // Whatever case means in an attribute: two ids are two users.
        if plan.user.as_ref().is_some_and(|typed| typed != user.as_str()) {
            return Ok(Err(End::OtherUser.into()));
        }
        let enabled = candidates
            .iter()
            .filter(|candidate| candidate.id() == user)
            .all(|candidate| candidate.account().is_enabled());
        Ok(if enabled {
            Ok((user.as_str().to_owned(), How::Certificate))
        } else {
            Err(End::PersonalNotEnabled {
                user: user.as_str().to_owned(),
            }
            .into())
        })
    }

    /// A key of a profile says who it is.
    async fn by_profile_key(
        &self,
        plan: &Plan,
        asked: &SignatureExpectation,
        answer: &SignatureAnswer,
        at: Timestamp,
    ) -> Result<Judged, FlowError> {
        let directory = &self.settings.directory;
        let known = match &plan.user {
            Some(user) => {
                let Ok(user) = smartid_da::UserId::new(user.as_str()) else {
                    return Err(corrupt("the flow's user is none"));
                };
                directory.profile_keys(ProfileKeyQuery::OfUser(&user)).await?
            }
            None => match key_id(answer) {
                Some(id) => directory.profile_keys(ProfileKeyQuery::ById(&id)).await?,
                None => Vec::new(),
            },
        };
        let check =
            "whether the directory knows the keys of this user's profiles, as provisioning has verified them";
        if known.is_empty() || known.len() > MAX_KEYS {
            let problem = "no profile is known that could have answered";
            return Ok(Err(answer_refused("profile-unknown", problem, check).into()));
        }
        let keys = JwkSet::new(known.iter().map(|known| known.key.clone()));
        let statement = match self.verified(asked, answer, &Signers::keys(keys), at) {
            Ok(statement) => statement,
            Err(end) => return Ok(Err(end)),
        };
        // By the key itself: ids are chosen by whoever provisions, and may be the same for everybody.
        let mut owners: Vec<&DirectoryUser> = Vec::new();
        for signer in statement.signers() {
            for owner in &known {
                if owner.key.key().is_ok_and(|key| *key == signer.proof.key)
                    && owners.iter().all(|other| other.id() != owner.user.id())
                {
                    owners.push(&owner.user);
                }
            }
        }
        let owner = match owners.as_slice() {
            [owner] => *owner,
            [] => {
                let problem = "the key that signed is nobody's";
                return Ok(Err(answer_refused("profile-unknown", problem, check).into()));
            }
            _ => return Ok(Err(End::SeveralUsers.into())),
        };
        let user = owner.id().as_str();
        if plan.user.as_ref().is_some_and(|typed| typed != user) {
            return Ok(Err(End::OtherUser.into()));
        }
        if !owner.account().is_enabled() {
            return Ok(Err(End::PersonalNotEnabled {
                user: user.to_owned(),
            }
            .into()));
        }
        Ok(Ok(self.logged_in(user, How::ProfileKey, at)))
    }

    /// Verifies the signature over this login's own challenge.
    fn verified(
        &self,
        asked: &SignatureExpectation,
        answer: &SignatureAnswer,
        signers: &Signers,
        at: Timestamp,
    ) -> Result<SignedStatement, Box<End>> {
        let policy = SignaturePolicy::new(asked.clone(), signers);
        let verified = answer
            .verify(&policy, at)
            .map_err(|refusal| Box::new(refused(&refusal)))?;
        let statement = verified.into_parts().0;
        let challenge = match self.settings.challenge {
            ChallengePlace::Tbs => Binding::Tbs,
            ChallengePlace::Nonce => Binding::Nonce,
        };
        // A picture or a text that was shown before ties it to nothing.
        if statement.is_bound(challenge) {
            Ok(statement)
        } else {
            Err(refused(&SignatureRefusal::Unbound).into())
        }
    }
}
