//! `GET /certificates`: search (protocol notes: cm 5.1). The cap on an answer, the total that drives paging, and every condition.

use serde_json::{Value, json};

use crate::config::{CmConfig, OverCap};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::errors::{Refusal, success};
use crate::pgwy::fields::Fields;
use crate::pgwy::listing;
use crate::pgwy::matching::{matcher, same_name};
use crate::pgwy::store::Entry;
use crate::pgwy::values::{boolean, date, decimal, hex, number};
use crate::sync::lock;

type Condition = Box<dyn Fn(&Entry) -> bool + Send>;
/// A moment in the life of a certificate, if it has come.
type Moment = fn(&Entry) -> Option<u64>;

/// Parameters for parts of the subject, with their attributes.
const SUBJECT: [(&str, &str); 7] = [
    ("subjectCommonName", "CN"),
    ("subjectGivenName", "GN"),
    ("subjectSurName", "SN"),
    ("subjectOrganisationName", "O"),
    ("subjectOrganisationUnit", "OU"),
    ("subjectSerialNumber", "serialNumber"),
    ("subjectCountry", "C"),
];

const FIELDS: [&str; 6] = ["field1", "field2", "field3", "field4", "field5", "field6"];

/// Everything else that is known.
const OTHERS: [&str; 25] = [
    "searchLimit",
    "searchOffset",
    "orderBy",
    "orderDescending",
    "cardSerialNumber",
    "certificateSerialNumber",
    "revocationTimeFrom",
    "revocationTimeTo",
    "revocationReason",
    "isNotRevoked",
    "publicationAllowed",
    "publicationTimeFrom",
    "publicationTimeTo",
    "ocspActivationTimeFrom",
    "ocspActivationTimeTo",
    "validFromTimeFrom",
    "validFromTimeTo",
    "validToTimeFrom",
    "validToTimeTo",
    "isNotYetValid",
    "isExpired",
    "authorityKeyIdentifier",
    "subjectKeyIdentifier",
    "subjectType",
    "issuer",
];

/// What is asked for.
struct Query {
    limit: usize,
    offset: usize,
    order: Option<String>,
    descending: bool,
    conditions: Vec<Condition>,
}

/// Names by which a list can be ordered (U): the members of its elements.
const ORDERS: [&str; 8] = [
    "certid",
    "status",
    "subject",
    "issuer",
    "certificateserialnumber",
    "validfrom",
    "validto",
    "revocationtime",
];

/// A span of time; what has no moment is outside.
fn span(from: Option<u64>, to: Option<u64>, of: Moment) -> Condition {
    Box::new(move |entry| {
        of(entry).is_some_and(|at| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to))
    })
}

impl Query {
    fn read(config: &CmConfig, fields: &Fields, now: u64) -> Result<Self, Refusal> {
        let known: Vec<&str> = SUBJECT
            .iter()
            .map(|(name, _)| *name)
            .chain(FIELDS)
            .chain(OTHERS)
            .collect();
        fields.only(&config.decode, &known)?;
        let search = &config.search;
        let limit = match fields.text("searchLimit")? {
            Some(text) => match number::<usize>("searchLimit", text)? {
                0 => return Err(Refusal::value("limit", "searchLimit must be at least 1")),
                over if over > search.cap && search.over_cap == OverCap::Refuse => {
                    return Err(Refusal::value(
                        "limit",
                        format!("searchLimit is above {}", search.cap),
                    ));
                }
                limit => limit.min(search.cap),
            },
            None if search.default_limit == 0 => search.cap,
            None => search.default_limit.min(search.cap),
        };
        let flag = |name: &str| fields.text(name)?.map(|text| boolean(name, text)).transpose();
        let order = fields.text("orderBy")?.map(str::to_owned);
        if order.as_deref().is_some_and(|order| !ORDERS.contains(&order)) {
            return Err(Refusal::value(
                "order",
                "orderBy names nothing that can be ordered by",
            ));
        }
        let mut query = Self {
            limit,
            offset: fields
                .text("searchOffset")?
                .map_or(Ok(0), |text| number("searchOffset", text))?,
            order,
            descending: flag("orderDescending")?.unwrap_or(false),
            conditions: Vec::new(),
        };
        query.texts(config, fields)?;
        query.flags(&flag, now)?;
        query.lists(config, fields)?;
        query.spans(config, fields)?;
        Ok(query)
    }

    fn when(&mut self, condition: impl Fn(&Entry) -> bool + Send + 'static) {
        self.conditions.push(Box::new(condition));
    }

    fn texts(&mut self, config: &CmConfig, fields: &Fields) -> Result<(), Refusal> {
        for (name, attribute) in SUBJECT {
            if let Some(wanted) = fields.text(name)? {
                let fits = matcher(&config.search, wanted);
                self.when(move |entry| entry.subject_has(attribute, &fits));
            }
        }
        for name in FIELDS {
            if let Some(wanted) = fields.text(name)? {
                let fits = matcher(&config.search, wanted);
                self.when(move |entry| entry.field(name).is_some_and(&fits));
            }
        }
        if fields.text("cardSerialNumber")?.is_some() {
            // No certificate here is on a card.
            self.when(|_| false);
        }
        if let Some(wanted) = fields.text("certificateSerialNumber")? {
            let digits = wanted
                .trim_start_matches("0x")
                .replace(':', "")
                .to_ascii_lowercase();
            let digits = digits.trim_start_matches('0').to_owned();
            self.when(move |entry| {
                let serial = &entry.facts.serial;
                hex(serial).trim_start_matches('0') == digits || decimal(serial) == digits
            });
        }
        if let Some(wanted) = fields.text("issuer")? {
            let wanted = wanted.to_owned();
            self.when(move |entry| same_name(&entry.facts.issuer, &wanted));
        }
        let style = config.answers.key_identifier_style;
        for (name, own) in [("authorityKeyIdentifier", true), ("subjectKeyIdentifier", false)] {
            if let Some(wanted) = fields.text(name)? {
                let plain = wanted.replace(':', "").to_ascii_lowercase();
                let wanted = wanted.to_owned();
                self.when(move |entry| {
                    let facts = &entry.facts;
                    let identifier = if own {
                        &facts.authority_key
                    } else {
                        &facts.subject_key
                    };
                    identifier.as_deref().is_some_and(|identifier| {
                        hex(identifier) == plain || listing::key_identifier(style, identifier) == wanted
                    })
                });
            }
        }
        Ok(())
    }

    fn flags(
        &mut self,
        flag: &impl Fn(&str) -> Result<Option<bool>, Refusal>,
        now: u64,
    ) -> Result<(), Refusal> {
        if let Some(wanted) = flag("isNotRevoked")? {
            self.when(move |entry| entry.withdrawn.is_none() == wanted);
        }
        if let Some(wanted) = flag("isExpired")? {
            self.when(move |entry| (entry.facts.not_after < now) == wanted);
        }
        if let Some(wanted) = flag("isNotYetValid")? {
            self.when(move |entry| (entry.facts.not_before > now) == wanted);
        }
        if let Some(wanted) = flag("publicationAllowed")? {
            // Every certificate here may be published.
            self.when(move |_| wanted);
        }
        Ok(())
    }

    fn lists(&mut self, config: &CmConfig, fields: &Fields) -> Result<(), Refusal> {
        let reasons = fields.list(&config.decode, &["revocationReason".to_owned()])?;
        if !reasons.is_empty() {
            let wanted: Vec<u8> = reasons
                .iter()
                .map(|reason| number("revocationReason", reason))
                .collect::<Result<_, _>>()?;
            self.when(move |entry| {
                entry
                    .withdrawn
                    .is_some_and(|withdrawn| wanted.contains(&withdrawn.reason))
            });
        }
        let types = fields.list(&config.decode, &["subjectType".to_owned()])?;
        if !types.is_empty() {
            if types.iter().any(|kind| kind != "EE" && kind != "CA") {
                return Err(Refusal::value("subject_type", "subjectType is EE or CA"));
            }
            self.when(move |entry| {
                let own = if entry.facts.is_authority { "CA" } else { "EE" };
                types.iter().any(|kind| kind == own)
            });
        }
        Ok(())
    }

    fn spans(&mut self, config: &CmConfig, fields: &Fields) -> Result<(), Refusal> {
        let moments: [(&str, Moment); 5] = [
            ("revocationTime", |entry| {
                entry.withdrawn.map(|withdrawn| withdrawn.at)
            }),
            ("validFromTime", |entry| Some(entry.facts.not_before)),
            ("validToTime", |entry| Some(entry.facts.not_after)),
            // Nothing here was published, or activated for OCSP.
            ("publicationTime", |_| None),
            ("ocspActivationTime", |_| None),
        ];
        for (name, of) in moments {
            let end = |end: &str| {
                let name = format!("{name}{end}");
                let text = fields.text(&name)?;
                text.map(|text| date(&config.decode, &name, text)).transpose()
            };
            let (from, to) = (end("From")?, end("To")?);
            if from.is_some() || to.is_some() {
                self.conditions.push(span(from, to, of));
            }
        }
        Ok(())
    }

    /// All hits in number, and those of the page.
    fn page<'e>(&self, all: &'e [Entry]) -> (usize, Vec<&'e Entry>) {
        let slice = |hits: &[&'e Entry]| hits.iter().skip(self.offset).take(self.limit).copied().collect();
        if self.conditions.is_empty() && self.order.is_none() {
            // Listing everything must not look at everything.
            let end = self.offset.saturating_add(self.limit).min(all.len());
            let page: Vec<&Entry> = if self.descending {
                all.iter().rev().skip(self.offset).take(self.limit).collect()
            } else {
                all.get(self.offset..end).unwrap_or_default().iter().collect()
            };
            return (all.len(), page);
        }
        let mut hits: Vec<&Entry> = all
            .iter()
            .filter(|entry| self.conditions.iter().all(|holds| holds(entry)))
            .collect();
        match self.order.as_deref() {
            Some("status") => hits.sort_by_key(|entry| entry.withdrawn.is_some()),
            Some("subject") => hits.sort_by_cached_key(|entry| entry.subject()),
            Some("issuer") => hits.sort_by(|one, other| one.facts.issuer.cmp(&other.facts.issuer)),
            Some("certificateserialnumber") => {
                hits.sort_by(|one, other| one.facts.serial.cmp(&other.facts.serial));
            }
            Some("validfrom") => hits.sort_by_key(|entry| entry.facts.not_before),
            Some("validto") => hits.sort_by_key(|entry| entry.facts.not_after),
            Some("revocationtime") => hits.sort_by_key(|entry| entry.withdrawn.map(|withdrawn| withdrawn.at)),
            _ => (),
        }
        if self.descending {
            hits.reverse();
        }
        (hits.len(), slice(&hits))
    }
}

impl Cm {
    pub(in crate::pgwy) fn search(&self, config: &CmConfig, request: &Request) -> Result<Reply, Refusal> {
        let now = self.now();
        let query = Query::read(config, &Fields::of_query(config, request)?, now)?;
        let store = lock(&self.store);
        let (hits, mut page) = query.page(store.all());
        if config.search.empty_from.is_some_and(|from| query.offset >= from) {
            page.clear();
        }
        let certificates: Vec<Value> = page
            .iter()
            .map(|entry| listing::certificate(config, entry, now))
            .collect();
        let hits = if config.search.total_hits {
            hits
        } else {
            certificates.len()
        };
        let hits = u64::try_from(hits)
            .unwrap_or(u64::MAX)
            .saturating_add(config.search.phantom_hits);
        let members = json!({"searchHits": hits, "certificates": certificates});
        Ok(success(config, members).with_code("search"))
    }
}
