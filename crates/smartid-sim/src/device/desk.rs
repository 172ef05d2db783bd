//! Messages that wait for a person on the control page: each with what would be signed, until somebody decides.

use std::sync::Mutex;

use tokio::sync::oneshot;

use super::report::{DeviceReport, Shown};
use crate::Persona;
use crate::sync::lock;

/// A message that somebody has to decide about.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) number: u64,
    /// Which app shows it.
    pub(crate) app: String,
    /// The type of the command.
    pub(crate) command: String,
    pub(crate) shown: Vec<Shown>,
}

#[derive(Default)]
struct Open {
    count: u64,
    questions: Vec<(Question, oneshot::Sender<Persona>)>,
}

#[derive(Default)]
pub(crate) struct Desk(Mutex<Open>);

impl Desk {
    /// Waits for a decision. When the page is never used, this waits for ever; the message runs into its timeout.
    pub(crate) async fn ask(&self, app: &str, command: &str, report: &DeviceReport) -> Persona {
        let (sender, receiver) = oneshot::channel();
        {
            let mut open = lock(&self.0);
            open.count += 1;
            let question = Question {
                number: open.count,
                app: app.to_owned(),
                command: command.to_owned(),
                shown: report.shown.clone(),
            };
            open.questions.push((question, sender));
        }
        // Nobody can decide any more when the desk itself is gone.
        receiver.await.unwrap_or(Persona::Cancels)
    }

    /// What waits. Questions of apps that have stopped are not shown.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let mut open = lock(&self.0);
        open.questions.retain(|(_, sender)| !sender.is_closed());
        open.questions
            .iter()
            .map(|(question, _)| question.clone())
            .collect()
    }

    /// Whether there was such a question.
    pub(crate) fn decide(&self, number: u64, persona: Persona) -> bool {
        let mut open = lock(&self.0);
        let Some(at) = open
            .questions
            .iter()
            .position(|(question, _)| question.number == number)
        else {
            return false;
        };
        let (_, sender) = open.questions.swap_remove(at);
        sender.send(persona).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_waits_for_its_decision() {
        let desk = Desk::default();
        let report = DeviceReport::new(Persona::Approves);
        let asking = desk.ask("phone", "SIGN", &report);
        let deciding = async {
            let questions = desk.questions();
            assert_eq!((questions.len(), questions[0].command.as_str()), (1, "SIGN"));
            assert!(!desk.decide(questions[0].number + 1, Persona::Approves));
            assert!(desk.decide(questions[0].number, Persona::Declines));
            assert!(!desk.decide(questions[0].number, Persona::Declines));
        };
        assert_eq!(tokio::join!(asking, deciding).0, Persona::Declines);
        drop(tokio::time::timeout(std::time::Duration::ZERO, desk.ask("phone", "SIGN", &report)).await);
        assert!(desk.questions().is_empty(), "the app has gone");
    }
}
