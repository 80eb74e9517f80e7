// Invariant: of what config::UpdateObject announces and of the text that comes with it,
// each is taken or refused with a reason, the same way whenever it is asked. No command
// passes, in any spelling, and a Downtime or Comment that passes is the one announced,
// with attributes of its type that its type takes.
//
// Input: a type, a NUL byte, a full name, a NUL byte, the text.

#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "policy/judge.hpp"
#include "policy/runtime_text.hpp"

using namespace endpointd;

namespace {

constexpr const char* kCatalog = R"({"commands": {"disk": {"kind": "check", "command": ["/bin/check_disk"]}}})";

const catalog::Catalog& commands() {
    static const catalog::Catalog kLoaded = [] {
        Findings findings;
        return catalog::Catalog::load({{"c.json", "c.json", kCatalog}}, findings);
    }();
    return kLoaded;
}

// Takes what stands before the next NUL byte.
std::string part_of(std::string_view& input) {
    const std::string part(input.substr(0, input.find('\0')));
    input.remove_prefix(std::min(input.size(), part.size() + 1));
    return part;
}

void check(const policy::Objection& objection, const policy::RuntimeObject& announced) {
    EP_ASSERT(objection.reason != policy::Reason::ok && !objection.detail.empty());
    const policy::Rejection rejection = policy::rejection_of(announced, objection);
    EP_ASSERT(rejection.object_name == announced.name && rejection.content.size() <= dsl::kKeptText);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    policy::RuntimeObject announced;
    announced.parent = "master1";
    announced.zone = "own";
    announced.version = 1;
    announced.type = part_of(input);
    announced.name = part_of(input);
    announced.config = std::string(input);

    const dsl::ConfigType* const type = dsl::config_type(announced.type);
    const std::optional<policy::Objection> objection = policy::check_announced(announced, commands());
    if (objection) check(*objection, announced);
    else EP_ASSERT(!type || type->role != dsl::TypeRole::command);

    const policy::ReadAnnotation read = policy::read_annotation(announced, commands());
    if (read.objection) {
        check(*read.objection, announced);
        return 0;
    }
    EP_ASSERT(!objection);
    const dsl::Object& object = read.object;
    EP_ASSERT(announced.type == "Downtime" || announced.type == "Comment");
    EP_ASSERT(object.type == type && object.name == announced.name && object.text && object.place.line >= 1);
    EP_ASSERT(dsl::validate(*type, object.attributes).empty());
    for (const auto& [name, value] : object.attributes) {
        const auto index = dsl::field_of(*type, name);
        EP_ASSERT(index && type->fields[*index].kind != dsl::FieldKind::own);
        EP_ASSERT(!value->array() && !value->object());
    }
    const policy::Subject subject = policy::subject_of(object);
    EP_ASSERT(subject.host && object.name.starts_with(*subject.host + "!"));
    policy::references_of(object);
    return 0;
}
