//! The notice in Welsh.
//!
//! Written with care, but **not yet checked by a professional translator**: have it checked before it is shown to
//! the public (Welsh Language Standards: the Welsh may not be worse than the English).

use super::{Counted, Plural, Strings};

/// Welsh.
pub(super) static STRINGS: Strings = Strings {
    essential_cookies: "cwcis hanfodol",
    preferences_cookies: "cwcis dewisiadau",
    analytics_cookies: "cwcis dadansoddi",
    marketing_cookies: "cwcis marchnata",
    own_cookies: "cwcis {}",
    additional_cookies: "cwcis ychwanegol",
    use_preferences: "cwcis dewisiadau er mwyn cofio sut rydych yn hoffi i'r gwasanaeth hwn edrych a gweithio",
    use_analytics: "cwcis dadansoddi er mwyn deall sut rydych yn defnyddio'r gwasanaeth hwn a'i wella",
    use_marketing: "cwcis marchnata er mwyn i ni ac eraill ddangos hysbysebion a chynnwys a ddewiswyd ar eich cyfer",
    about_essential: "Mae angen y cwcis hyn ar gyfer yr hyn rydych yn gofyn i'r gwasanaeth hwn ei wneud, er enghraifft \
                      eich cadw wedi mewngofnodi neu gofio'r hyn a deipiwyd gennych mewn ffurflen. Nid oes angen eich \
                      cytundeb ar eu cyfer, felly nid oes gosodiad i'w diffodd.",
    about_preferences: "Mae'r cwcis hyn yn cofio dewisiadau fel maint y testun, yr iaith neu eich ardal leol, fel nad \
                        oes rhaid i chi eu gwneud eto.",
    about_analytics: "Mae'r cwcis hyn yn dweud wrthym pa dudalennau y mae pobl yn ymweld â nhw a sut maent yn symud o'u \
                      cwmpas, fel y gallwn weld beth sy'n gweithio a'i wella.",
    about_marketing: "Defnyddir y cwcis hyn ar gyfer hysbysebu, ar gyfer cynnwys o rwydweithiau cymdeithasol a \
                      gwefannau fideo, ac i fesur a weithiodd hynny. Gall y sefydliadau sy'n eu gosod eich dilyn i \
                      wefannau eraill.",
    about_own: "Defnyddir y cwcis hyn at un o ddibenion y gwasanaeth hwn: {}.",

    cookies_on: "Cwcis ar {}",
    essential_use: "Rydym yn defnyddio rhai cwcis hanfodol i wneud i'r gwasanaeth hwn weithio.",
    also_one: "Hoffem hefyd ddefnyddio {}.",
    also_several: "Hoffem hefyd ddefnyddio'r cwcis ychwanegol hyn:",
    third_parties: "Mae rhai o'r rhain yn dod gan sefydliadau eraill: {}.",
    accept: "Derbyn {}",
    reject: "Gwrthod {}",
    view_cookies: "Gweld cwcis",
    accepted: "Rydych wedi derbyn {}.",
    rejected: "Rydych wedi gwrthod {}.",
    saved: "Rydych wedi gosod eich dewisiadau cwcis.",
    withdrawn: "Rydych wedi tynnu eich cytundeb i gwcis ychwanegol yn ôl.",
    change_settings: "Gallwch [newid eich gosodiadau cwcis] ar unrhyw adeg.",
    hide: "Cuddio'r neges am gwcis",
    cookie_settings: "Gosodiadau cwcis",

    held_name: "Cynnwys gan {}",
    held_from: "Daw'r rhan hon o'r dudalen gan {}.",
    held_stores: "Os byddwch yn ei llwytho, gall {} storio {} ar eich dyfais.",
    held_from_unknown: "Daw'r rhan hon o'r dudalen gan sefydliad arall: {}.",
    held_stores_unknown: "Nid ydym yn gwybod eto beth y byddai'n ei storio ar eich dyfais.",
    held_here: "Nid yw'n cael ei llwytho ar y dudalen hon, beth bynnag rydych wedi cytuno iddo.",
    load_once: "Llwytho hon unwaith",
    always_allow: "Caniatáu {} bob tro",
    view_on: "Ei gweld ar {}",
    loaded_once: "Gofynnoch am lwytho hon unwaith. Nid ydych wedi cytuno i ddim byd arall.",

    left_out: "Heb eu cynnwys ar y dudalen hon nes i chi gytuno",

    skip_link: "Neidio i'r prif gynnwys",
    available: "Mae'r dudalen hon ar gael yn Gymraeg",
    success: "Llwyddiant",
    go_back: "[Mynd yn ôl i'r dudalen yr oeddech yn edrych arni].",

    intro: "Darnau bach o wybodaeth y mae gwefan yn eu cadw ar eich ffôn, eich llechen neu eich cyfrifiadur yw cwcis. \
            Mae'r dudalen hon yn rhestru'r cwcis y gwyddom eu bod yn cael eu defnyddio ar {}, ac unrhyw beth tebyg y \
            gwyddom ei fod yn cael ei gadw ar eich dyfais.",
    settings_heading: "Newid eich gosodiadau cwcis",
    question: "Ydych chi am dderbyn {}?",
    yes: "Ydw",
    no: "Nac ydw",
    save: "Cadw gosodiadau cwcis",
    see_cookies: "Gweld pob un o'r cwcis hyn",
    withdraw_heading: "Tynnu eich cytundeb yn ôl",
    withdraw_text: "Gallwch dynnu'n ôl bopeth rydych wedi cytuno iddo. Byddwn yn rhoi'r gorau i ddefnyddio'r cwcis hyn \
                    ar unwaith ac yn dileu'r rhai y mae'r wefan hon wedi'u gosod. Nid oes rhaid i chi roi rheswm.",
    withdraw: "Tynnu cytundeb i bob cwci ychwanegol yn ôl",
    cookies_we_use: "{} a ddefnyddir ar y wefan hon",
    column_name: "Enw",
    column_what: "Beth mae'n ei wneud",
    column_set_by: "Pwy sy'n ei osod",
    column_lifetime: "Am ba hyd y caiff ei gadw",
    this_site: "Y wefan hon",
    none_seen: "Nid oes yr un wedi'i weld ar y wefan hon hyd yma.",
    unclassified_heading: "Cwcis nad ydym wedi'u dosbarthu eto",
    unclassified_cookies: "cwcis heb eu dosbarthu",
    unclassified_held: "Nid ydym yn gwybod eto at beth y mae'r rhain, felly cânt eu cadw oddi ar eich dyfais oni bai \
                        eich bod yn cytuno i bob cwci ychwanegol.",
    unclassified_passed: "Nid ydym yn gwybod eto at beth y mae'r rhain. Nid ydynt yn cael eu dal yn ôl, beth bynnag \
                          rydych yn ei ddewis ar y dudalen hon.",
    not_described: "Heb ei ddisgrifio eto",
    choice_cookie: "Cofio pa gwcis rydych wedi'u derbyn neu eu gwrthod",
    third_party_heading: "Cwcis a osodir gan sefydliadau eraill",
    third_party_text: "Pan fyddwch yn cytuno, mae eich porwr hefyd yn cysylltu â sefydliadau eraill, a gallant osod eu \
                       cwcis eu hunain. Os byddwch yn tynnu eich cytundeb yn ôl, byddwn yn atal eich porwr rhag \
                       cysylltu â nhw o'r wefan hon, ond ni allwn ddileu cwcis y maent eisoes wedi'u gosod. Gallwch \
                       ddileu'r rheini yng ngosodiadau eich porwr, fel arfer o dan 'preifatrwydd' neu 'data gwefannau': \
                       chwiliwch yno am enw'r sefydliad neu ei wefan. Gall eich porwr hefyd eu rhwystro ar bob gwefan, \
                       o dan 'cwcis trydydd parti' neu 'atal olrhain'.",
    other_organisations: "Sefydliadau eraill sy'n rhan o hyn:",
    gpc_heading: "Global Privacy Control",
    gpc_on: "Mae eich porwr yn anfon signal Global Privacy Control. Rydym yn ei drin fel gwrthod cwcis marchnata, oni \
             bai eich bod yn dewis fel arall ar y dudalen hon.",
    gpc_off: "Nid yw eich porwr yn anfon signal Global Privacy Control. Pan fydd yn gwneud hynny, byddwn yn ei drin fel \
              gwrthod cwcis marchnata, oni bai eich bod yn dewis fel arall ar y dudalen hon.",
    responsible_heading: "Pwy sy'n gyfrifol",
    responsible: "{} sy'n penderfynu pa gwcis a ddefnyddir ar y wefan hon ac sy'n gyfrifol amdanynt.",
    responsible_service: "Y rhai sy'n rhedeg {} sy'n penderfynu pa gwcis a ddefnyddir ar y wefan hon ac sy'n gyfrifol \
                          amdanynt.",
    contact: "Gellir anfon cwestiynau a chwynion am gwcis at {}.",
    complain: "Mae gennych hawl i gwyno wrthym am y ffordd rydym yn defnyddio cwcis a'ch gwybodaeth bersonol. Byddwn yn \
               cadarnhau o fewn 30 diwrnod ein bod wedi derbyn eich cwyn, yn edrych arni heb oedi diangen, ac yn rhoi \
               gwybod i chi am y canlyniad.",
    ico: "https://cy.ico.org.uk/make-a-complaint/",
    record_heading: "Eich cofnod",
    record_text: "Gallwch [weld beth a ddewiswyd gennych a phryd].",
    record_number: "Rhif eich derbynneb yw {}.",

    session: "Nes i chi gau eich porwr",
    until_deleted: "Nes i chi ei ddileu",
    lifetime_unknown: "Ddim yn hysbys",
    under_a_minute: "Llai na munud",
    capped: "{}, yr hiraf y mae porwr yn ei ganiatáu (wedi'i osod i {})",

    receipt_title: "Eich dewis am gwcis",
    receipt_intro: "Dyma a ddewiswyd gennych ar {}.",
    nothing_chosen: "Nid ydych wedi gwneud dewis am gwcis ar {}, neu mae wedi dod i ben.",
    receipt_number: "Rhif y dderbynneb",
    chosen_on: "Dewiswyd ar",
    kept_until: "Cofir eich dewis tan",
    notice_version: "Fersiwn yr hysbysiad cwcis",
    organisation: "Sefydliad cyfrifol",
    what_you_chose: "Beth a ddewiswyd gennych",
    column_kind: "Math o gwcis",
    column_choice: "Eich dewis",
    word_accepted: "Derbyniwyd",
    word_refused: "Gwrthodwyd",
    always_on: "Defnyddir bob amser",
    receipt_use: "Er mwyn i ni ddod o hyd i'r cofnod hwn neu ei ddileu, anfonwch rif y dderbynneb i'r cyswllt hwn: {}.",
    back_to_cookies: "[Newid eich gosodiadau cwcis]",

    bad_request: "Nid oeddem yn gallu deall y cais",
    bad_request_todo: "Gwiriwch y cyfeiriad gwe. Os gwnaethoch ddilyn dolen neu anfon ffurflen, ewch yn ôl a rhowch \
                       gynnig arall arni.",
    not_accepted: "Ni wnaethom dderbyn y cais",
    not_accepted_todo: "Ymddengys ei fod yn dod o wefan arall. Agorwch y dudalen ar y wefan hon a rhowch gynnig arall \
                        arni yno.",
    no_site: "Nid oes gwefan yn y cyfeiriad hwn",
    no_site_todo: "Gwiriwch y cyfeiriad gwe am gamgymeriadau a rhowch gynnig arall arni.",
    no_page: "Heb ddod o hyd i'r dudalen",
    no_page_todo: "Gwiriwch y cyfeiriad gwe am gamgymeriadau, neu dechreuwch eto o'r hafan.",
    too_large: "Mae'r hyn a anfonwyd gennych yn rhy fawr",
    too_large_todo: "Ewch yn ôl ac anfonwch ffeil lai, neu anfonwch eich ffeiliau fesul un.",
    address_too_long: "Mae'r cyfeiriad gwe yn rhy hir",
    address_too_long_todo: "Gwiriwch y cyfeiriad gwe, neu dechreuwch eto o'r hafan.",
    head_too_large: "Anfonodd eich porwr fwy nag y gallwn ei ddarllen",
    head_too_large_todo: "Dilëwch gwcis y wefan hon yng ngosodiadau eich porwr, yna rhowch gynnig arall arni.",
    went_wrong: "Mae'n ddrwg gennym, aeth rhywbeth o'i le",
    went_wrong_todo: "Rhowch gynnig arall arni ymhen ychydig funudau. Os oeddech yn llenwi ffurflen, efallai y bydd yn \
                      rhaid i chi ei llenwi eto.",
    bad_answer: "Mae'n ddrwg gennym, nid yw'r wefan hon yn gweithio'n iawn",
    bad_answer_todo: "Rhowch gynnig arall arni ymhen ychydig funudau. Nid oes dim o'i le ar eich dyfais na'ch \
                      cysylltiad.",
    unavailable: "Mae'n ddrwg gennym, nid yw'r wefan hon ar gael ar hyn o bryd",
    unavailable_todo: "Rhowch gynnig arall arni ymhen ychydig funudau.",
    too_slow: "Mae'n ddrwg gennym, mae'r wefan hon yn cymryd gormod o amser i ateb",
    too_slow_todo: "Rhowch gynnig arall arni ymhen ychydig funudau. Os gwnaethoch anfon ffurflen, gwiriwch a \
                    gyrhaeddodd cyn ei hanfon eto.",
    choice_not_saved: "Ni chafodd eich dewis am gwcis ei gadw. Nid oes dim wedi newid.",

    // Proof.
    too_many: "Mae'n ddrwg gennym, daeth gormod o ddewisiadau o'ch rhwydwaith",
    too_many_todo: "Arhoswch funud, yna rhowch gynnig arall arni.",
    record_held: "Mae'n ddrwg gennym, ni ellir dileu'r cofnod hwn ar hyn o bryd",
    record_held_todo: "Rhaid ei gadw am resymau cyfreithiol am y tro. Mae eich dewis yn aros fel y mae: gallwch ei newid \
                       neu ei dynnu'n \u{f4}l o hyd ar y dudalen cwcis.",
    record_as_json: "Lawrlwytho'r cofnod hwn fel [data (JSON)].",
    record_as_text: "Lawrlwytho'r cofnod hwn fel [testun plaen].",
    record_as_kept: "Dyma'r cofnod air am air fel y mae'n cael ei gadw, gydag enwau a gwerthoedd sydd yr un fath ym mhob iaith:",
    record_delete_heading: "Dileu'r cofnod hwn",
    record_delete_text: "Os byddwch yn ei ddileu, bydd eich cytundeb yn dod i ben hefyd, gan na fyddai dim ar \u{f4}l i \
                         ddangos eich bod wedi'i roi. Gofynnir i chi eto.",
    record_delete: "Dileu fy nghofnod",
    record_deleted: "Cafodd eich cofnod ei ddileu. Yr hyn sydd ar \u{f4}l yw nodyn o faint o gofnodion a aeth, a phryd.",
    // Bases: what is used without consent until the visitor objects.
    exempt_use: "Rydym hefyd yn defnyddio {}. Nid ydym yn gofyn i chi yn gyntaf, ond gallwch wrthwynebu ar unrhyw adeg.",
    object: "Gwrthwynebu {}",
    objected: "Rydych wedi gwrthwynebu {}, felly nid ydym yn eu defnyddio. Gallwch [newid eich gosodiadau cwcis] ar \
               unrhyw adeg.",
    exempt_hint: "Rydym yn defnyddio'r rhain heb ofyn i chi yn gyntaf, at y diben hwn yn unig. Gallwch wrthwynebu: \
                  dewiswch 'Na'.",
    gpc_objects: "Rydym hefyd yn ei drin fel gwrthwynebu {}.",
    // Words: what is seen on a site, and whom to turn to.
    serves: "Fe'i defnyddir fel y disgrifir uchod ar gyfer: {}",
    column_seen: "Gwelwyd yma ddiwethaf",
    not_seen: "Heb ei weld hyd yma",
    browser_storage: "nid cwci: fe'i cedwir yn storfa eich porwr",
    hosts: "O ble y mae eich porwr yn llwytho pan fyddwch yn cytuno:",
    gpc_how: "Gosodiad mewn rhai porwyr, ac mewn ychwanegion iddynt, yw Global Privacy Control. Mae'n dweud wrth bob \
              gwefan yr ymwelwch â hi nad ydych am i'ch data gael ei werthu na'i rannu.",
    complaint_heading: "Sut i gwyno",
    complain_to: "I gwyno wrthym, cysylltwch â'r canlynol: {}.",
    complain_ico: "Gallwch hefyd [gwyno wrth Swyddfa'r Comisiynydd Gwybodaeth (ICO)], a all ofyn i chi gwyno wrthym ni yn \
                   gyntaf.",
    write_to: "Gallwch ysgrifennu atom yn y cyfeiriad hwn: {}.",
    dpo: "I gysylltu â'n swyddog diogelu data, defnyddiwch y cyswllt hwn: {}.",
    privacy_notice: "Disgrifir sut rydym yn defnyddio gwybodaeth bersonol yn [ein hysbysiad preifatrwydd].",
    unclassified_own: "Mae'r rhestr hon yn cynnwys yr hyn y mae eich porwr chi newydd ei anfon atom. Nid oes neb arall yn \
                       gweld y rhan honno.",
    elsewhere_heading: "Yr hyn sy'n cael ei lwytho gan sefydliadau eraill heb ofyn",
    elsewhere_text: "Mae tudalennau'r gwasanaeth hwn yn llwytho rhannau megis ffontiau, mapiau neu sgriptiau o'r \
                     cyfeiriadau isod, beth bynnag a ddewiswch yma. Mae pwy bynnag sy'n eu rhedeg yn cael gwybod \
                     cyfeiriad eich dyfais ar y rhyngrwyd (ei chyfeiriad IP), a gall gael gwybod ar ba un o'n tudalennau \
                     yr ydych.",

    months: [
        "Ionawr",
        "Chwefror",
        "Mawrth",
        "Ebrill",
        "Mai",
        "Mehefin",
        "Gorffennaf",
        "Awst",
        "Medi",
        "Hydref",
        "Tachwedd",
        "Rhagfyr",
    ],
    // Not "a" or "ac" in front: which of them depends on how the number is said.
    more: Counted { one: "{} arall hefyd", two: "{} arall hefyd", few: "{} arall hefyd", many: "{} arall hefyd" },
    minutes: Counted { one: "{} munud", two: "{} funud", few: "{} munud", many: "{} munud" },
    hours: Counted { one: "{} awr", two: "{} awr", few: "{} awr", many: "{} awr" },
    days: Counted { one: "{} diwrnod", two: "{} ddiwrnod", few: "{} diwrnod", many: "{} diwrnod" },
    years: Counted { one: "{} flwyddyn", two: "{} flynedd", few: "{} blynedd", many: "{} mlynedd" },
    plural: Plural::Welsh,
    said: Vec::new(),
};
