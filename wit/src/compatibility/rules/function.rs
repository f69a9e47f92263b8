//! What can change about functions: which there are, their parameters, results and kinds.

crate::compatibility::rules::rules! {
    FUNCTION_ADDED "function-added" "an interface has a further function"
        breaks [Exporter Host] requires Minor Deny TYPE_CHECKING
        "An instance may have more than an import asks for, so who imports the interface does not notice. Who exports it as it \
         was lacks the function that newer importers ask for. Where a world exports the interface, that are its guests."
    FUNCTION_REMOVED "function-removed" "a function is gone"
        breaks [Importer Source] requires Major Deny TYPE_CHECKING
        "A guest that imports the function is given an instance without it, and is refused."
    CONSTRUCTOR_ADDED "constructor-added" "a resource has a constructor and had none"
        breaks [Exporter Host] requires Minor Deny RESOURCE
        "A constructor is a function of the interface: see function-added."
    CONSTRUCTOR_REMOVED "constructor-removed" "the constructor of a resource is gone"
        breaks [Importer Source] requires Major Deny RESOURCE
        "A constructor is a function of the interface: see function-removed."
    METHOD_ADDED "method-added" "a resource has a further method"
        breaks [Exporter Host] requires Minor Deny RESOURCE
        "A method is a function of the interface: see function-added."
    METHOD_REMOVED "method-removed" "a method is gone"
        breaks [Importer Source] requires Major Deny RESOURCE
        "A method is a function of the interface: see function-removed."
    STATIC_ADDED "static-added" "a resource has a further static function"
        breaks [Exporter Host] requires Minor Deny RESOURCE
        "A static function is a function of the interface: see function-added."
    STATIC_REMOVED "static-removed" "a static function is gone"
        breaks [Importer Source] requires Major Deny RESOURCE
        "A static function is a function of the interface: see function-removed."
    METHOD_MADE_STATIC "method-made-static" "a method became a static function"
        breaks [Importer Exporter Host Source] requires Major Deny RESOURCE
        "The kind is part of the name by which the function is imported: `[method]cart.add` and `[static]cart.add` never meet."
    STATIC_MADE_METHOD "static-made-method" "a static function became a method"
        breaks [Importer Exporter Host Source] requires Major Deny RESOURCE
        "The kind is part of the name by which the function is imported: `[static]cart.add` and `[method]cart.add` never meet."
    MADE_ASYNC "function-made-async" "a function became async"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Whether a function is async is part of its type, and types of functions have to be equal."
    MADE_SYNC "function-made-sync" "a function is no longer async"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Whether a function is async is part of its type, and types of functions have to be equal."
    PARAMETER_ADDED "parameter-added" "a function has a further parameter"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of functions have to be equal: there are no optional parameters. Add a second function instead."
    PARAMETER_REMOVED "parameter-removed" "a parameter is gone"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of functions have to be equal, and who passes the parameter cannot leave it out."
    PARAMETER_RENAMED "parameter-renamed" "a parameter has another name"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "The names of parameters are part of a function's type, and types of functions have to be equal."
    PARAMETERS_REORDERED "parameters-reordered" "the parameters are in another order"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Parameters are passed by position, and types of functions have to be equal."
    PARAMETER_RETYPED "parameter-retyped" "a parameter has another type"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of values have to be equal: neither is a wider integer accepted, nor a tuple with more members."
    PARAMETER_MADE_OPTIONAL "parameter-made-optional" "a parameter became an option"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of values have to be equal: a value is not taken for an option that has it. Add a second function instead."
    RESULT_ADDED "result-added" "a function returns something and returned nothing"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of functions have to be equal, with their results."
    RESULT_REMOVED "result-removed" "a function returns nothing and returned something"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of functions have to be equal, with their results."
    RESULT_RETYPED "result-retyped" "a function returns another type"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of values have to be equal, also those that are returned."
    RESULT_MADE_OPTIONAL "result-made-optional" "a function returns an option of what it returned"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of values have to be equal, also those that are returned. Add a second function that returns the option."
    RESULT_MADE_FALLIBLE "result-made-fallible" "a function returns a result of what it returned"
        breaks [Importer Exporter Host Source] requires Major Deny TYPE_CHECKING
        "Types of values have to be equal, also those that are returned. Return a result from the start where anything can fail."
}
