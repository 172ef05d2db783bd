//! `GET /certificates/{certid}/download`: the bytes of a certificate, in the form that is asked for (protocol notes: cm 4.3, 5.2).

use super::details::unknown;
use crate::config::CmConfig;
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::errors::Refusal;
use crate::pgwy::formats::Format;

impl Cm {
    pub(in crate::pgwy) fn download(
        &self,
        config: &CmConfig,
        certid: &str,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let format = Format::asked(&config.download, request)?;
        let chain = self.chain(config, certid)?.ok_or_else(|| unknown(certid))?;
        Ok(format.reply(config, certid, &chain)?.with_code("download"))
    }
}
