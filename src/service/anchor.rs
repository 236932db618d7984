//! Anchors: a position of the audit log, kept where this host cannot reach it.
//!
//! A chain proves that nothing inside it was changed, but not that the whole was not written anew.
//! Who keeps an anchor elsewhere (a second machine, a printed receipt) can tell: the store must
//! still hold that entry, with everything before it.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::model::{Digest, Timestamp};

/// A position of the audit log, and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The number of the entry.
    pub seq: u64,
    /// The hash of the entry, which covers all before it.
    pub hash: Digest,
    /// When the entry was made.
    pub at: Timestamp,
    /// The Ed25519 signature over number and hash, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The public key of the signature, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// Why an anchor can't be signed or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// The key is not an Ed25519 key.
    #[error(
        "the key is not an Ed25519 private key in PEM (PKCS #8), as 'openssl genpkey -algorithm ed25519' makes it"
    )]
    Key,
    /// The anchor carries no signature, and one was asked for.
    #[error("the anchor is not signed")]
    Unsigned,
    /// The signature is not one of this key over this anchor.
    #[error("the anchor's signature does not fit")]
    Signature,
    /// Another key signed it than the one that is trusted.
    #[error("the anchor was signed with another key ({0}) than the one that is trusted")]
    OtherKey(String),
}

impl Anchor {
    /// What is signed.
    fn message(&self) -> Vec<u8> {
        format!("holdpoint anchor v1\n{}\n{}\n", self.seq, self.hash).into_bytes()
    }

    /// The anchor, signed with a private key in PEM.
    ///
    /// # Errors
    /// [`AnchorError::Key`].
    pub fn signed(mut self, pem: &str) -> Result<Self, AnchorError> {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64.decode(body.trim()).map_err(|_| AnchorError::Key)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| AnchorError::Key)?;
        self.signature = Some(BASE64.encode(pair.sign(&self.message())));
        self.public_key = Some(BASE64.encode(pair.public_key()));
        Ok(self)
    }

    /// Checks the signature, if there is one; with `trusted` there must be one, of that key.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn check_signature(&self, trusted: Option<&str>) -> Result<(), AnchorError> {
        let (Some(signature), Some(key)) = (&self.signature, &self.public_key) else {
            let bare = self.signature.is_none() && trusted.is_none();
            return if bare { Ok(()) } else { Err(AnchorError::Unsigned) };
        };
        if trusted.is_some_and(|trusted| trusted.trim() != key) {
            return Err(AnchorError::OtherKey(key.clone()));
        }
        let bytes = |text: &str| BASE64.decode(text).map_err(|_| AnchorError::Signature);
        UnparsedPublicKey::new(&ED25519, bytes(key)?)
            .verify(&self.message(), &bytes(signature)?)
            .map_err(|_| AnchorError::Signature)
    }
}
