//! One value that holds what flows need.

use std::sync::Arc;

use smartid_core::Runtime;

use crate::store::{FlowStore, MemoryFlowStore};

/// The clients of an installation, the store its flows wait in, and the runtime. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SmartId {
    #[cfg(feature = "hermod")]
    hermod: Option<smartid_hermod::Hermod>,
    #[cfg(feature = "cm")]
    cm: Option<smartid_cm::CertificateManager>,
    #[cfg(feature = "da")]
    da: Option<smartid_da::DigitalAccess>,
    store: Arc<dyn FlowStore>,
    runtime: Arc<dyn Runtime>,
}

/// A flow needs a client that this value was built without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this flow needs {0}, and SmartId was built without it")]
#[non_exhaustive]
pub struct Missing(pub &'static str);

/// Collects the clients; see [`SmartId::builder`].
#[derive(Debug)]
pub struct SmartIdBuilder(SmartId);

impl SmartIdBuilder {
    /// Sets the client of Smart ID Messaging.
    #[cfg(feature = "hermod")]
    #[must_use]
    pub fn hermod(mut self, hermod: smartid_hermod::Hermod) -> Self {
        self.0.hermod = Some(hermod);
        self
    }

    /// Sets the client of Certificate Manager.
    #[cfg(feature = "cm")]
    #[must_use]
    pub fn certificate_manager(mut self, cm: smartid_cm::CertificateManager) -> Self {
        self.0.cm = Some(cm);
        self
    }

    /// Sets the client of Digital Access.
    #[cfg(feature = "da")]
    #[must_use]
    pub fn digital_access(mut self, da: smartid_da::DigitalAccess) -> Self {
        self.0.da = Some(da);
        self
    }

    /// Sets where flows are kept. The default is memory: they are lost when the process ends.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn FlowStore>) -> Self {
        self.0.store = store;
        self
    }

    /// The finished value.
    #[must_use]
    pub fn build(self) -> SmartId {
        self.0
    }
}

impl SmartId {
    /// Begins with the runtime; a flow store in memory is the default.
    #[must_use]
    pub fn builder(runtime: Arc<dyn Runtime>) -> SmartIdBuilder {
        SmartIdBuilder(Self {
            #[cfg(feature = "hermod")]
            hermod: None,
            #[cfg(feature = "cm")]
            cm: None,
            #[cfg(feature = "da")]
            da: None,
            store: Arc::new(MemoryFlowStore::new()),
            runtime,
        })
    }

    /// Where flows are kept; it is the inbox of the callbacks, too.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn FlowStore> {
        &self.store
    }

    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.runtime
    }

    /// The client of Smart ID Messaging.
    ///
    /// # Errors
    /// [`Missing`] when there is none.
    #[cfg(feature = "hermod")]
    pub fn hermod(&self) -> Result<&smartid_hermod::Hermod, Missing> {
        self.hermod
            .as_ref()
            .ok_or(Missing("the client of Smart ID Messaging (hermod)"))
    }

    /// The client of Certificate Manager.
    ///
    /// # Errors
    /// [`Missing`] when there is none.
    #[cfg(feature = "cm")]
    pub fn certificate_manager(&self) -> Result<&smartid_cm::CertificateManager, Missing> {
        self.cm
            .as_ref()
            .ok_or(Missing("the client of Certificate Manager (certificate_manager)"))
    }

    /// The client of Digital Access.
    ///
    /// # Errors
    /// [`Missing`] when there is none.
    #[cfg(feature = "da")]
    pub fn digital_access(&self) -> Result<&smartid_da::DigitalAccess, Missing> {
        self.da
            .as_ref()
            .ok_or(Missing("the client of Digital Access (digital_access)"))
    }

    /// Requests for soft tokens, over the REST API or AST.
    ///
    /// # Errors
    /// [`Missing`] when there is no client of Certificate Manager.
    #[cfg(feature = "cm")]
    pub fn soft_tokens(&self, way: crate::soft_token::Way) -> Result<crate::soft_token::SoftTokens, Missing> {
        let cm = self.certificate_manager()?.clone();
        Ok(crate::soft_token::SoftTokens::new(cm, way))
    }

    /// What Messaging calls back, ready to be mounted in a web server: it stores outcomes where the flows find them. Set the user and
    /// password that stand in `callback-basic-auth` of the messaging server's configuration.
    ///
    /// With the feature `tower`, one adapter mounts it, here on axum. The address up to `/callback/fido` is what `callback-url` of the
    /// messaging server's configuration has to be.
    ///
    #[cfg_attr(feature = "tower", doc = "```no_run")]
    #[cfg_attr(not(feature = "tower"), doc = "```ignore")]
    /// use std::sync::Arc;
    /// use smartid::core::tower::InboundService;
    /// use smartid::{SecretString, SmartId};
    ///
    /// # fn example(smartid: &SmartId) -> Result<(), Box<dyn std::error::Error>> {
    /// let receiver = smartid.callback_receiver()?.basic_auth("hermod", SecretString::new("password")).build()?;
    /// let service = InboundService::new(Arc::new(receiver), Arc::clone(smartid.runtime()));
    /// // let router = axum::Router::new().fallback_service(service);
    /// # drop(service);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Missing`] when there is no client of Messaging, whose dialect and inbox name the receiver shares.
    #[cfg(feature = "hermod")]
    pub fn callback_receiver(&self) -> Result<smartid_hermod::callback::CallbackReceiverBuilder, Missing> {
        let inbox: Arc<dyn smartid_core::Inbox> = Arc::<dyn FlowStore>::clone(&self.store);
        Ok(self.hermod()?.callback_receiver(inbox))
    }

    /// The flow that provisions a FIDO credential in Digital Access on behalf of a user.
    ///
    /// # Errors
    /// [`Missing`] when a client is not there.
    #[cfg(all(feature = "hermod", feature = "da"))]
    pub fn fido_enrolment(&self) -> Result<crate::flows::FidoEnrolment, Missing> {
        self.fido_enrolment_at(Arc::new(self.digital_access()?.clone()))
    }

    /// The same flow at another relying party, such as Microsoft Entra
    /// ([`EntraFido`](smartid_da::entra::EntraFido)). A flow is carried on by the relying party it was begun with.
    ///
    /// # Errors
    /// [`Missing`] when there is no client of Messaging.
    #[cfg(all(feature = "hermod", feature = "da"))]
    pub fn fido_enrolment_at(
        &self,
        relying_party: Arc<dyn smartid_da::RelyingParty>,
    ) -> Result<crate::flows::FidoEnrolment, Missing> {
        let desk = crate::flows::Desk {
            store: Arc::clone(&self.store),
            runtime: Arc::clone(&self.runtime),
            observer: None,
        };
        let hermod = self.hermod()?.clone();
        Ok(crate::flows::FidoEnrolment::new(hermod, relying_party, desk))
    }

    /// The flow that logs a user in with a Personal method, as Digital Access does with the method's settings. It needs the client of
    /// Messaging; Digital Access itself is not asked.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use smartid::da::personal::{PersonalMethod, StoredUser};
    /// use smartid::da::CertificateAttribute;
    /// use smartid::flows::personal_login::{CertificateAuthority, DirectoryUser, LoginRequest, MemoryUserDirectory};
    /// use smartid::trust::Certificate;
    /// use smartid::{SmartId, UserId};
    ///
    /// # async fn example(smartid: &SmartId, issuing_ca: Certificate) -> Result<(), Box<dyn std::error::Error>> {
    /// let method = PersonalMethod::desktop("Personal Desktop", "Authentication Service 1")
    ///     .with_certificate_authentication("Example Issuing CA")
    ///     .with_mapping("mail", &CertificateAttribute::SUBJECT_ALT_NAME_EMAIL);
    /// let alice = StoredUser::new(UserId::new("alice")?).with("mail", "alice@example.test");
    /// let directory = MemoryUserDirectory::new([DirectoryUser::new(alice)]);
    ///
    /// let login = smartid
    ///     .personal_login(method, Arc::new(directory))?
    ///     .authority(CertificateAuthority::new("Example Issuing CA", issuing_ca)?)
    ///     .build()?;
    /// let begun = login.begin(LoginRequest::new().description("Log in to Example Bank")?).await?;
    /// if let Some(link) = begun.showing.link() {
    ///     println!("Open this on your computer: {}", link.expose());
    /// }
    /// let end = login.complete(&begun.id).await?;
    /// println!("{end}. {}", end.advice().map(|advice| advice.to_string()).unwrap_or_default());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Missing`] when there is no client of Messaging.
    #[cfg(all(feature = "hermod", feature = "da"))]
    pub fn personal_login(
        &self,
        method: smartid_da::personal::PersonalMethod,
        directory: Arc<dyn crate::flows::personal_login::UserDirectory>,
    ) -> Result<crate::flows::personal_login::PersonalLoginBuilder, Missing> {
        let desk = crate::flows::Desk {
            store: Arc::clone(&self.store),
            runtime: Arc::clone(&self.runtime),
            observer: None,
        };
        Ok(crate::flows::personal_login::PersonalLoginBuilder::new(
            self.hermod()?.clone(),
            desk,
            method,
            directory,
        ))
    }

    /// As [`callback_receiver`](Self::callback_receiver), to be put into a
    /// [`PersonalMessagingReceiver`](crate::flows::personal_login::PersonalMessagingReceiver) at this path: where Digital Access takes its
    /// callbacks.
    ///
    #[cfg_attr(feature = "tower", doc = "```no_run")]
    #[cfg_attr(not(feature = "tower"), doc = "```ignore")]
    /// use std::sync::Arc;
    /// use smartid::core::tower::InboundService;
    /// use smartid::flows::personal_login::{PERSONAL_MESSAGING, PersonalMessagingReceiver};
    /// use smartid::{SecretString, SmartId};
    ///
    /// # fn example(smartid: &SmartId) -> Result<(), Box<dyn std::error::Error>> {
    /// let path = PERSONAL_MESSAGING.parse()?;
    /// let receiver = smartid
    ///     .personal_messaging_receiver(&path)?
    ///     .basic_auth("hermod", SecretString::new("password"))
    ///     .build()?;
    /// let receiver = PersonalMessagingReceiver::new(receiver, path)?;
    /// let service = InboundService::new(Arc::new(receiver), Arc::clone(smartid.runtime()));
    /// // let router = axum::Router::new().fallback_service(service);
    /// # drop(service);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Missing`] when there is no client of Messaging.
    #[cfg(all(feature = "hermod", feature = "da"))]
    pub fn personal_messaging_receiver(
        &self,
        at: &smartid_da::MappedPath,
    ) -> Result<smartid_hermod::callback::CallbackReceiverBuilder, Missing> {
        let dialect = self.hermod()?.dialect().clone();
        let dialect = crate::flows::personal_login::PersonalMessagingReceiver::dialect(dialect, at);
        Ok(self.callback_receiver()?.dialect(dialect))
    }
}

#[cfg(all(test, feature = "cm", feature = "reqwest"))]
mod tests {
    use smartid_core::{ManualRuntime, Timestamp};
    use smartid_reqwest::ReqwestTransport;

    use super::*;

    #[test]
    fn the_client_of_certificate_manager_is_there_or_missed_by_name() {
        let runtime: Arc<dyn Runtime> = Arc::new(ManualRuntime::new(Timestamp::from_millis(0)));
        let without = SmartId::builder(Arc::clone(&runtime)).build();
        let missing = without.certificate_manager().unwrap_err();
        assert!(missing.to_string().contains("Certificate Manager"), "{missing}");

        let root = include_str!("../../smartid-trust/doc/root.pem");
        let transport = ReqwestTransport::builder().root_pem(root).build().unwrap();
        let url = "https://pgwy.example.test:8444/pgwy/api";
        let cm = smartid_cm::CertificateManager::builder(url)
            .build(Arc::new(transport), Arc::clone(&runtime))
            .unwrap();
        let with = SmartId::builder(runtime).certificate_manager(cm).build();
        assert_eq!(with.certificate_manager().unwrap().url().as_str(), url);
    }
}
