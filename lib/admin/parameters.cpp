#include "admin/parameters.hpp"

#include "base/units.hpp"
#include "json/document.hpp"

namespace endpointd::admin {

Result<json::Object> parameters_of_query(const Query& query) {
    json::Object parameters;
    for (const auto& [key, pair] : query) {
        if (key != "param") continue;
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(Errc::invalid, "a parameter is written name=value, not '" + escaped(pair, 64) + "'");
        std::string name = pair.substr(0, equals);
        json::Value value(pair.substr(equals + 1));
        json::Value* const before = parameters.find(name);
        if (!before) {
            parameters.set(std::move(name), std::move(value));
        } else if (json::Array* list = before->array()) {
            list->push_back(std::move(value));
        } else {
            json::Array both;
            both.push_back(std::move(*before));
            both.push_back(std::move(value));
            *before = std::move(both);
        }
    }
    return parameters;
}

Result<json::Object> parameters_of_body(std::string_view body) {
    if (body.empty()) return json::Object();
    Result<json::Value> value = json::parse(body);
    if (!value) return fail(Errc::malformed, "the request's body is not JSON: " + value.error().text);
    json::Object* const object = value->object();
    if (!object) return fail(Errc::invalid, "the request's body is not an object");
    for (const auto& [name, member] : *object) {
        if (name != "parameters") return fail(Errc::invalid, "unknown member '" + escaped(name, 64) + "'; known here: parameters");
    }
    json::Value* const parameters = object->find("parameters");
    if (!parameters) return json::Object();
    if (!parameters->object()) return fail(Errc::invalid, "'parameters' is not an object");
    return std::move(*parameters->object());
}

}  // namespace endpointd::admin
