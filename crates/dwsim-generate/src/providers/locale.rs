//! Locales: the word lists and templates of the `fake` crate, which is pinned exactly, as lists of our own.
//! What texts are made of them is left to `catalog`.

use fake::locales::{
    AR_SA, CY_GB, DE_DE, Data, EN, FA_IR, FR_FR, IT_IT, JA_JP, NL_NL, PT_BR, PT_PT, TR_TR, ZH_CN,
    ZH_TW,
};

type Words = &'static [&'static str];

/// Everything that providers take from a locale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locale {
    pub(crate) first_name: Words,
    pub(crate) last_name: Words,
    pub(crate) title: Words,
    pub(crate) name_suffix: Words,
    pub(crate) name: &'static str,
    pub(crate) lorem: Words,
    pub(crate) job_seniority: Words,
    pub(crate) job_field: Words,
    pub(crate) job_position: Words,
    pub(crate) job: &'static str,
    pub(crate) city_prefix: Words,
    pub(crate) city_suffix: Words,
    pub(crate) city: &'static str,
    pub(crate) country: Words,
    pub(crate) country_code: Words,
    pub(crate) street_suffix: Words,
    pub(crate) street: &'static str,
    pub(crate) secondary_type: Words,
    pub(crate) secondary: &'static str,
    pub(crate) time_zone: Words,
    pub(crate) state: Words,
    pub(crate) state_abbr: Words,
    pub(crate) building_number: Words,
    pub(crate) postcode: Words,
    pub(crate) company_suffix: Words,
    pub(crate) company: Words,
    pub(crate) buzz: [Words; 3],
    pub(crate) catch_phrase: &'static str,
    pub(crate) bs_words: [Words; 3],
    pub(crate) bs: &'static str,
    pub(crate) industry: Words,
    pub(crate) profession: Words,
    pub(crate) free_email: Words,
    pub(crate) domain_suffix: Words,
    pub(crate) user_agent: Words,
    pub(crate) phone: Words,
    pub(crate) path_segments: Words,
    pub(crate) extensions: Words,
    pub(crate) currency_code: Words,
    pub(crate) currency_name: Words,
    pub(crate) currency_symbol: Words,
}

const fn locale<L: Data>() -> Locale {
    Locale {
        first_name: L::NAME_FIRST_NAME,
        last_name: L::NAME_LAST_NAME,
        title: L::NAME_TITLE,
        name_suffix: L::NAME_SUFFIX,
        name: L::NAME_TPL,
        lorem: L::LOREM_WORD,
        job_seniority: L::JOB_SENIORITY,
        job_field: L::JOB_FIELD,
        job_position: L::JOB_POSITION,
        job: L::JOB_TITLE_TPL,
        city_prefix: L::ADDRESS_CITY_PREFIX,
        city_suffix: L::ADDRESS_CITY_SUFFIX,
        city: L::ADDRESS_CITY_TPL,
        country: L::ADDRESS_COUNTRY,
        country_code: L::ADDRESS_COUNTRY_CODE,
        street_suffix: L::ADDRESS_STREET_SUFFIX,
        street: L::ADDRESS_STREET_TPL,
        secondary_type: L::ADDRESS_SECONDARY_ADDR_TYPE,
        secondary: L::ADDRESS_SECONDARY_ADDR_TPL,
        time_zone: L::ADDRESS_TIME_ZONE,
        state: L::ADDRESS_STATE,
        state_abbr: L::ADDRESS_STATE_ABBR,
        building_number: L::ADDRESS_BUILDING_NUMBER_FORMATS,
        postcode: L::ADDRESS_POSTCODE_FORMATS,
        company_suffix: L::COMPANY_SUFFIX,
        company: L::COMPANY_NAME_TPLS,
        buzz: [
            L::COMPANY_BUZZWORD_HEAD,
            L::COMPANY_BUZZWORD_MIDDLE,
            L::COMPANY_BUZZWORD_TAIL,
        ],
        catch_phrase: L::COMPANY_CATCH_PHASE_TPL,
        bs_words: [L::COMPANY_BS_VERBS, L::COMPANY_BS_ADJ, L::COMPANY_BS_NOUNS],
        bs: L::COMPANY_BS_TPL,
        industry: L::COMPANY_INDUSTRY,
        profession: L::COMPANY_PROFESSION,
        free_email: L::INTERNET_FREE_EMAIL_PROVIDER,
        domain_suffix: L::INTERNET_DOMAIN_SUFFIX,
        user_agent: L::INTERNET_USER_AGENT,
        phone: L::PHONE_NUMBER_FORMATS,
        path_segments: L::PATH_SEGMENTS,
        extensions: L::PATH_EXTENSIONS,
        currency_code: L::CURRENCY_CODE,
        currency_name: L::CURRENCY_NAME,
        currency_symbol: L::CURRENCY_SYMBOL,
    }
}

/// The locale of addresses on the internet, which are ASCII everywhere.
pub(crate) const ENGLISH: Locale = locale::<EN>();

/// Locales by their names; the first is what a column has that names none.
pub(crate) const LOCALES: &[(&str, Locale)] = &[
    ("en_US", ENGLISH),
    ("ar_SA", locale::<AR_SA>()),
    ("cy_GB", locale::<CY_GB>()),
    ("de_DE", locale::<DE_DE>()),
    ("fa_IR", locale::<FA_IR>()),
    ("fr_FR", locale::<FR_FR>()),
    ("it_IT", locale::<IT_IT>()),
    ("ja_JP", locale::<JA_JP>()),
    ("nl_NL", locale::<NL_NL>()),
    ("pt_BR", locale::<PT_BR>()),
    ("pt_PT", locale::<PT_PT>()),
    ("tr_TR", locale::<TR_TR>()),
    ("zh_CN", locale::<ZH_CN>()),
    ("zh_TW", locale::<ZH_TW>()),
];
