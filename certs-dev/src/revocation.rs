//! Taking certificates back: which are revoked, and the lists that say so.
//!
//! Promises: only what was issued here can be revoked here; the lists cover the root and every
//! issuing key, so a verifier that asks for the whole chain finds an answer for each step.
//! Deliberately does not know: who loads the lists, and when.

use time::OffsetDateTime;

use crate::authority::{Authority, IssuerId, after};
use crate::certificate::summarise;
use crate::credential::Credential;
use crate::error::CertsError;
use crate::serial::Serial;

impl Authority {
    /// Revokes a leaf, as of now; a second time keeps the first moment.
    ///
    /// Refuses: [`CertsError::UnknownIssuer`] or [`CertsError::UnknownSerial`] if it was not
    ///          issued here, even when a certificate issued here has the same serial.
    pub fn revoke(&mut self, credential: &Credential) -> Result<(), CertsError> {
        let now = self.options.now;
        let mut issuers = self.issuers.iter_mut();
        let issuing = issuers
            .find(|issuing| issuing.signer.key_id() == credential.issuer_key_id)
            .ok_or(CertsError::UnknownIssuer)?;
        issuing.signer.revoke(credential.serial, now)
    }

    /// Revokes the leaf with that serial, as of now.
    ///
    /// Refuses: [`CertsError::UnknownSerial`].
    pub fn revoke_serial(&mut self, serial: Serial) -> Result<(), CertsError> {
        let now = self.options.now;
        let mut issuers = self.issuers.iter_mut();
        let issuing = issuers
            .find(|issuing| issuing.signer.register().contains_key(&serial))
            .ok_or(CertsError::UnknownSerial)?;
        issuing.signer.revoke(serial, now)
    }

    /// Revokes the first certificate of a PEM text, as of now, and says which serial that was.
    ///
    /// Refuses: [`CertsError::Malformed`] if there is no certificate;
    ///          [`CertsError::UnknownIssuer`] or [`CertsError::UnknownSerial`] if it was not
    ///          issued here.
    pub fn revoke_pem(&mut self, pem: &str) -> Result<Serial, CertsError> {
        let summary = summarise("the certificate to revoke", pem)?;
        let now = self.options.now;
        let mut issuers = self.issuers.iter_mut();
        let issuing = issuers
            .find(|issuing| {
                summary.authority_key.as_deref() == Some(issuing.signer.key_identifier())
            })
            .ok_or(CertsError::UnknownIssuer)?;
        let serial = summary.serial.ok_or(CertsError::UnknownSerial)?;
        issuing.signer.revoke(serial, now)?;
        Ok(serial)
    }

    /// Revokes an issuing authority on the root's list, as of now, and with it all its leaves.
    ///
    /// It can still sign here, as a stolen key could; a verifier must refuse what it signs.
    /// Refuses: [`CertsError::UnknownIssuer`].
    pub fn revoke_issuer(&mut self, issuer: IssuerId) -> Result<(), CertsError> {
        let issuing = self.issuers.get(issuer.0).ok_or(CertsError::UnknownIssuer)?;
        self.root.revoke(issuing.serial, self.options.now)
    }

    /// Every revocation list, the root's first, as one PEM text; nextUpdate as in the options.
    ///
    /// To be read anew after each new issuing authority and each revocation.
    /// Refuses: [`CertsError::OutOfRange`], [`CertsError::Make`] if nextUpdate is not after now.
    pub fn crls_pem(&self) -> Result<String, CertsError> {
        let now = self.options.now;
        self.crls_pem_between(now, after(now, self.options.crl_days)?)
    }

    /// As [`Authority::crls_pem`], with both dates given: for lists that have lapsed.
    pub fn crls_pem_between(
        &self,
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<String, CertsError> {
        std::iter::once(&self.root)
            .chain(self.issuers.iter().map(|issuing| &issuing.signer))
            .map(|signer| signer.crl_pem(this_update, next_update))
            .collect()
    }
}
