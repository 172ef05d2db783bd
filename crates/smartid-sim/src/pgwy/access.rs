//! The Certificate Manager as the simulator shows it: addresses, its root, officers, and a handle for everything else.

use super::{CmHandle, Officer};
use crate::{Sim, SimError};

impl Sim {
    /// The base of the REST API of Certificate Manager, for example `https://localhost:40125/pgwy/api`. Its server certificate is issued
    /// by [`Sim::ca_pem`]; it wants the certificate of an officer, see [`Sim::officer`].
    #[must_use]
    pub fn cm_url(&self) -> String {
        self.cm_service().url()
    }

    /// Protocol Gateway beside its REST API, for example `https://localhost:40125/pgwy`: the servlets AST and EUI are `ast` and `eui` below
    /// it, the pages for people `request/ast.html` and `request/server_base64.html`. TLS is that of [`Sim::cm_url`]; AST and EUI serve
    /// officers, and the front whose certificate is that of [`Sim::officer`] `digital-access`.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        self.cm_service().gateway_url()
    }

    /// As [`Sim::gateway_url`], over the port without TLS, where a browser without client certificate sees the pages. AST and EUI serve
    /// nobody there unless `cm.ast.trust.front_addresses` and `cm.eui.trust.front_addresses` name where a front calls from.
    #[must_use]
    pub fn gateway_plain_url(&self) -> String {
        self.cm_service().gateway_plain_url()
    }

    /// The servlet with certificates of authorities and revocation lists, for example `http://localhost:40126/pgwy/dp`.
    #[must_use]
    pub fn cm_dp_url(&self) -> String {
        self.cm_service().dp_url()
    }

    /// The root of the Certificate Manager, as PEM: what certificates that it issues, officers' included, are verified with. It is made
    /// when it is first wanted; the text is empty if it cannot be made.
    #[must_use]
    pub fn cm_root_pem(&self) -> String {
        self.cm_service().ca().map(|ca| ca.root_pem()).unwrap_or_default()
    }

    /// An officer of `cm.officers` with key and certificate, which are made at the first call.
    ///
    /// # Errors
    /// [`SimError::Config`] when there is nobody of this name.
    pub fn officer(&self, name: &str) -> Result<Officer, SimError> {
        self.cm_service().officer(name)
    }

    /// The Certificate Manager.
    #[must_use]
    pub fn cm(&self) -> CmHandle {
        CmHandle::new(self.cm_service())
    }
}
