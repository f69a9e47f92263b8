//! What can change about types: which an interface has, and how they are made up.

crate::compatibility::rules::rules! {
    TYPE_ADDED "type-added" "an interface has a further type"
        breaks [Exporter Host] requires Minor Deny TYPE_CHECKING
        "The types of an interface are exports of its instance. Who exports it as it was lacks the one that newer importers may \
         ask for."
    TYPE_REMOVED "type-removed" "a type is gone"
        breaks [Importer Source] requires Major Deny TYPE_CHECKING
        "The types of an interface are exports of its instance. A guest that imports the type is refused."
    RESOURCE_ADDED "resource-added" "an interface has a further resource"
        breaks [Exporter Host] requires Minor Deny RESOURCE
        "A resource is an export of its interface's instance: who exports the interface as it was lacks it."
    RESOURCE_REMOVED "resource-removed" "a resource is gone"
        breaks [Importer Source] requires Major Deny RESOURCE
        "A resource is an export of its interface's instance: a guest that imports it is refused."
    KIND_CHANGED "type-kind-changed" "a type became another kind of type"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of values have to be equal, whatever their names, and a resource is no value."
    ALIAS_RETARGETED "alias-retargeted" "a type alias stands for another type"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_ALIAS
        "An alias is the type that it stands for, and types of values have to be equal. Whatever uses the alias changes with it."
    EQUAL_TYPE "equal-type-used" "another type is used, which is made up the same"
        breaks [Source] requires Major Deny USE
        "Records, variants, enums and flags that are made up the same are equal for the type checker, so components still link. \
         Generated bindings have a type of their own for each."
    USED_TYPE_CHANGED "used-type-changed" "a type that is used from another package is made up otherwise"
        breaks [Importer Exporter Host Source] requires Major Deny USE
        "A type that is used is part of the interface that uses it, and types of values have to be equal."
    USED_RESOURCE_CHANGED "used-resource-changed" "a resource is used from another interface, or another track of its version"
        breaks [Importer Exporter Host Source] requires Major Deny USE
        "A resource is equal to itself only: that of another interface, or of another track of its package's version, is another."
    RESOURCE_NOW_USED "resource-now-used" "a resource is used from elsewhere, and was defined by the interface"
        breaks [Exporter Host] requires Minor Deny USE
        "Newer importers have the resource from where it is defined, and expect that the interface has the same. Who exports the \
         interface as it was has one of its own. Who imports it as it was takes any."
    RESOURCE_NOW_DEFINED "resource-now-defined" "a resource is defined by the interface, and was used from elsewhere"
        breaks [Importer Source] requires Major Deny USE
        "Who imports the interface expects the resource from where it was defined, and is given another that has its name alone."
    FIELD_ADDED "field-added" "a record has a further field"
        breaks [Importer Exporter Host Source] requires Major Deny RECORD
        "Types of values have to be equal: records cannot grow. Add a second record and a function for it, or use a list of pairs \
         where growth is foreseen."
    FIELD_REMOVED "field-removed" "a field is gone"
        breaks [Importer Exporter Host Source] requires Major Deny RECORD
        "Types of values have to be equal, with all their fields."
    FIELD_RENAMED "field-renamed" "a field has another name"
        breaks [Importer Exporter Host Source] requires Major Deny RECORD
        "The names of fields are part of a record's type."
    FIELDS_REORDERED "fields-reordered" "the fields are in another order"
        breaks [Importer Exporter Host] requires Major Deny RECORD
        "Fields are passed by position, and the order is part of a record's type. Source code names them, and does not notice."
    FIELD_RETYPED "field-retyped" "a field has another type"
        breaks [Importer Exporter Host Source] requires Major Deny RECORD
        "Types of values have to be equal, with those of all their fields."
    FIELD_MADE_OPTIONAL "field-made-optional" "a field became an option"
        breaks [Importer Exporter Host Source] requires Major Deny RECORD
        "Types of values have to be equal: a value is not taken for an option that has it."
    CASE_ADDED "case-added" "a variant has a further case"
        breaks [Importer Exporter Host Source] requires Major Deny VARIANT
        "Types of values have to be equal: variants cannot grow, even where they are only passed in."
    CASE_REMOVED "case-removed" "a case of a variant is gone"
        breaks [Importer Exporter Host Source] requires Major Deny VARIANT
        "Types of values have to be equal, with all their cases."
    CASE_RENAMED "case-renamed" "a case of a variant has another name"
        breaks [Importer Exporter Host Source] requires Major Deny VARIANT
        "The names of cases are part of a variant's type."
    CASES_REORDERED "cases-reordered" "the cases of a variant are in another order"
        breaks [Importer Exporter Host] requires Major Deny VARIANT
        "Cases are passed as numbers, and the order is part of a variant's type. Source code names them, and does not notice."
    CASE_RETYPED "case-retyped" "a case has another payload"
        breaks [Importer Exporter Host Source] requires Major Deny VARIANT
        "Types of values have to be equal, with the payloads of all their cases."
    ENUM_CASE_ADDED "enum-case-added" "an enum has a further case"
        breaks [Importer Exporter Host Source] requires Major Deny ENUM
        "Types of values have to be equal: enums cannot grow, even where they are only passed in."
    ENUM_CASE_REMOVED "enum-case-removed" "a case of an enum is gone"
        breaks [Importer Exporter Host Source] requires Major Deny ENUM
        "Types of values have to be equal, with all their cases."
    ENUM_CASE_RENAMED "enum-case-renamed" "a case of an enum has another name"
        breaks [Importer Exporter Host Source] requires Major Deny ENUM
        "The names of cases are part of an enum's type."
    ENUM_CASES_REORDERED "enum-cases-reordered" "the cases of an enum are in another order"
        breaks [Importer Exporter Host] requires Major Deny ENUM
        "Cases are passed as numbers, and the order is part of an enum's type. Source code names them, and does not notice."
    FLAG_ADDED "flag-added" "there is a further flag"
        breaks [Importer Exporter Host] requires Major Deny FLAGS
        "Types of values have to be equal: flags cannot grow. Source code that does not know the flag compiles as before."
    FLAG_REMOVED "flag-removed" "a flag is gone"
        breaks [Importer Exporter Host Source] requires Major Deny FLAGS
        "Types of values have to be equal, with all their flags."
    FLAG_RENAMED "flag-renamed" "a flag has another name"
        breaks [Importer Exporter Host Source] requires Major Deny FLAGS
        "The names of flags are part of their type."
    FLAGS_REORDERED "flags-reordered" "the flags are in another order"
        breaks [Importer Exporter Host] requires Major Deny FLAGS
        "Flags are passed as bits, and the order is part of their type. Source code names them, and does not notice."
}
