#pragma once
// Command parameters as an operator gives them: `k=v` in a query, or an object in
// a request's body. Only their form is judged here; what a value may be is the
// catalog's rule. Pure; any thread.

#include "admin/query.hpp"
#include "json/value.hpp"

namespace endpointd::admin {

// Every `param=k=v` of a query. A name given more than once becomes an array.
Result<json::Object> parameters_of_query(const Query& query);

// The "parameters" member of a JSON body, which may be empty. Any other member is invalid.
Result<json::Object> parameters_of_body(std::string_view body);

}  // namespace endpointd::admin
