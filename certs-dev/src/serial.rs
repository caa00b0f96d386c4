//! The serial number of a certificate (RFC 5280 section 4.1.2.2).
//!
//! Promises: positive, at most 64 bits, and written as lower-case hexadecimal everywhere.
//! Deliberately does not know: which authority gave it out. Two authorities count alike, so a
//! reader that keys revocation by serial alone is found out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::CertsError;

/// A certificate's serial number, unique under one root of this crate.
///
/// Written and parsed as 1 to 16 hexadecimal digits without separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(u64);

impl Serial {
    /// The serial of every root.
    pub(crate) const ROOT: Serial = Serial(1);

    /// The serial that follows this one.
    ///
    /// Refuses: [`CertsError::OutOfRange`] after the last 64-bit number.
    pub(crate) fn next(self) -> Result<Self, CertsError> {
        self.0.checked_add(1).map(Serial).ok_or(CertsError::OutOfRange { what: "serial" })
    }

    /// The number itself.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The number in the shortest big-endian form, as a certificate's integer carries it but
    /// without the leading zero octet that DER adds when the highest bit is set.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect()
    }

    /// Reads the content octets of a certificate's serial; `None` if zero or beyond 64 bits.
    pub(crate) fn from_bytes(octets: &[u8]) -> Option<Self> {
        let mut number: u64 = 0;
        for octet in octets {
            number = number.checked_mul(256)?.checked_add(u64::from(*octet))?;
        }
        (number != 0).then_some(Serial(number))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:x}", self.0)
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.to_string()
    }
}

impl FromStr for Serial {
    type Err = CertsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = CertsError::Name {
            field: "serial",
            rule: "1 to 16 hexadecimal digits without separators, not zero",
        };
        if !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            return Err(refused);
        }
        match u64::from_str_radix(text, 16) {
            Ok(number) if number != 0 => Ok(Serial(number)),
            Ok(_) | Err(_) => Err(refused),
        }
    }
}

impl TryFrom<String> for Serial {
    type Error = CertsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
