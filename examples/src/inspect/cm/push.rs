//! Certificates that Certificate Manager pushes.

use std::sync::Arc;

use ::http::Method;
use smartid::cm::push::{MemoryPushSink, PushReceiver};
use smartid::core::{Head, ManualRuntime};

use crate::inspect::evidence::x509;
use crate::inspect::http::{Asked, credentials};
use crate::inspect::places::shown_text;
use crate::inspect::{Context, Finding};

/// A push; `None` when the address is not that of one.
pub(super) fn push(asked: &Asked<'_>, body: &[u8], context: &Context) -> Option<Finding> {
    let below = context.certificate_manager.push.path.as_str();
    if asked.method != "POST" || !asked.path().contains(&format!("/{}/", below.trim_matches('/'))) {
        return None;
    }
    let mut finding = Finding::of("certificate that Certificate Manager pushes");
    let runtime = Arc::new(ManualRuntime::new(context.at));
    let receiver = PushReceiver::builder(Arc::new(MemoryPushSink::new()), runtime)
        .dialect(&context.certificate_manager)
        .danger_without_auth()
        .build();
    let receiver = match receiver {
        Ok(receiver) => receiver,
        Err(error) => {
            finding.problem(error.to_string());
            return Some(finding);
        }
    };
    let head = Head::new(Method::POST, asked.path(), asked.headers.clone())
        .with_query(asked.query().unwrap_or_default());
    match receiver.reader().read(&head, body.trim_ascii_end(), context.at) {
        Ok(pushed) => {
            let certificate = x509::certificate(pushed.certificate.danger_unverified(), &[], context);
            finding.absorb(certificate);
            finding.fact("template", shown_text(pushed.template.as_str()));
            if let Some(process) = &pushed.process {
                finding.fact("process", shown_text(process.as_str()));
            }
            if let Some(tenant) = &pushed.tenant {
                finding.fact("tenant", shown_text(tenant.as_str()));
            }
            finding.fact("fingerprint (SHA-256)", pushed.fingerprint.to_string());
            for lint in &pushed.lints {
                finding.remark(lint.to_string());
            }
        }
        Err(refusal) => finding.problem(format!("the receiver refuses it: {refusal}")),
    }
    let mut facts = Vec::new();
    credentials(asked, &mut facts, &mut finding);
    finding.facts.append(&mut facts);
    Some(finding)
}
