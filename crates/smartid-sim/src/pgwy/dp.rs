//! The servlet that hands out the certificates of authorities and revocation lists, to everybody and without TLS if they like (protocol
//! notes: cm 5 and 11: certificates T, revocation lists inferred).

use super::Cm;
use super::errors::Refusal;
use super::path::slashed;
use crate::config::CmConfig;
use crate::net::message::{Reply, Request};

/// What stands at `{name}` of a path.
fn named(template: &str, path: &[String]) -> Option<String> {
    let path = format!("/{}", path.join("/"));
    let template = slashed(template);
    let (before, behind) = template.split_once("{name}")?;
    let name = path.strip_prefix(before)?.strip_suffix(behind)?;
    Some(name.to_owned())
}

impl Cm {
    pub(super) fn distribution_point(
        &self,
        config: &CmConfig,
        request: &Request,
        path: &[String],
    ) -> Result<Reply, Refusal> {
        let dp = &config.dp;
        if !dp.start {
            return Err(Refusal::Page(config.stopped_status, "stopped"));
        }
        if request.method != "GET" {
            return Err(Refusal::Page(405, "method"));
        }
        let ca = self.ca()?;
        let nothing = || Refusal::Page(404, "path");
        if let Some(name) = named(&dp.ca_path, path) {
            let der = match name {
                name if name == dp.issuing_name => ca.issuer_der(),
                name if name == dp.root_name => ca.root_der(),
                _ => return Err(nothing()),
            };
            return Ok(Reply::text(200, "application/pkix-cert", der.to_vec()).with_code("ca"));
        }
        let name = named(&dp.crl_path, path).ok_or_else(nothing)?;
        let crl = if name == dp.issuing_name {
            self.crl(config)?
        } else if name == dp.root_name {
            let now = self.now();
            ca.root_crl_der(now, now.saturating_add(dp.crl_seconds))?
        } else {
            return Err(nothing());
        };
        Ok(Reply::text(200, "application/pkix-crl", crl).with_code("crl"))
    }

    /// The issuing authority's revocation list as of now.
    pub(super) fn crl(&self, config: &CmConfig) -> Result<Vec<u8>, crate::SimError> {
        let now = self.now();
        self.ca()?.crl_der(now, now.saturating_add(config.dp.crl_seconds))
    }
}
