#pragma once
// The text that config::UpdateObject brings (protocol, 7.5): exactly one object of the
// type and name that the message announces, and nothing beside it. Pure; any thread.

#include <optional>
#include <string>

#include "catalog/catalog.hpp"
#include "policy/plan.hpp"
#include "policy/rights.hpp"

namespace endpointd::policy {

// What its records hold, with the objection's reason and detail.
Rejection rejection_of(const RuntimeObject& object, Objection objection);

// A pushed command: its name is one of the catalog's, or not.
Objection pushed_command(std::string_view type, std::string_view name, const catalog::Catalog& catalog);

// Is the text one `object TYPE "name" { ... }` as announced, without definitions inside? What the body
// makes of it is the evaluator's business.
std::optional<Objection> check_announced(const RuntimeObject& announced, const catalog::Catalog& catalog);

// A Downtime or Comment, whose text needs no evaluator: upstream writes literal values. Its references are
// not looked up.
struct ReadAnnotation {
    dsl::Object object;  // without an objection
    std::optional<Objection> objection;
};
ReadAnnotation read_annotation(const RuntimeObject& announced, const catalog::Catalog& catalog);

}  // namespace endpointd::policy
