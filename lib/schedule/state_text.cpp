#include "schedule/state_text.hpp"

#include <array>
#include <cmath>

#include "json/document.hpp"
#include "json/value.hpp"

namespace endpointd::schedule {

namespace {

// Goes over the members by name, in one order for both directions.
template <class State, class Visitor>
void visit(State& state, Visitor& visitor) {
    visitor.flag("checked", state.checked);
    visitor.state("state", state.state);
    visitor.type("type", state.type);
    visitor.number("attempt", state.attempt);
    visitor.flag("reachable", state.reachable);
    visitor.state("last_state", state.last_state);
    visitor.type("last_type", state.last_type);
    visitor.state("last_hard_state", state.last_hard_state);
    visitor.state("hard_state", state.hard_states[0]);
    visitor.state("previous_hard_state", state.hard_states[1]);
    visitor.number("execution_start", state.execution_start);
    visitor.number("execution_end", state.execution_end);
    visitor.number("last_state_change", state.last_state_change);
    visitor.number("last_hard_state_change", state.last_hard_state_change);
    constexpr std::array<const char*, 4> kLastAt = {"last_ok", "last_warning", "last_critical", "last_unknown"};
    for (std::size_t i = 0; i < kLastAt.size(); ++i) visitor.number(kLastAt[i], state.last_state_at[i]);
    visitor.number("last_unreachable", state.last_state_unreachable);
    visitor.bits("flapping_changes", state.flapping_changes);
    visitor.index("flapping_index", state.flapping_index);
    visitor.state("flapping_last_state", state.flapping_last_state);
    visitor.number("flapping_current", state.flapping_current);
    visitor.number("flapping_changed", state.flapping_changed);
    visitor.flag("flapping", state.flapping);
    visitor.acknowledgement("acknowledgement", state.acknowledgement.type);
    visitor.number("acknowledgement_expiry", state.acknowledgement.expiry);
    visitor.number("acknowledgement_changed", state.acknowledgement.changed);
    visitor.number("next_check", state.next_check);
    visitor.flag("force_next_check", state.force_next_check);
}

class Writer {
public:
    std::vector<json::Object::Member> members;

    void number(const char* key, double value) {
        if (value != 0) members.emplace_back(key, value);
    }
    void flag(const char* key, bool value) { number(key, value ? 1 : 0); }
    // Never left out: their defaults are not zero.
    void state(const char* key, int value) { members.emplace_back(key, value); }
    void type(const char* key, StateType value) { number(key, value == StateType::hard ? 1 : 0); }
    void index(const char* key, std::uint8_t value) { number(key, value); }
    void bits(const char* key, const std::bitset<kFlappingResults>& value) { number(key, static_cast<double>(value.to_ulong())); }
    void acknowledgement(const char* key, Acknowledgement::Type value) { number(key, static_cast<int>(value)); }
};

class Reader {
public:
    explicit Reader(const json::Object& object) : object_(object) {}
    bool good = true;

    void number(const char* key, double& value) { value = read(key, -1e15, 1e15); }
    void flag(const char* key, bool& value) { value = whole(key, 1) != 0; }
    void state(const char* key, int& value) {
        value = whole(key, kPending);
        if (value > 3 && value != kPending) good = false;
    }
    void type(const char* key, StateType& value) { value = whole(key, 1) != 0 ? StateType::hard : StateType::soft; }
    void index(const char* key, std::uint8_t& value) { value = static_cast<std::uint8_t>(whole(key, kFlappingResults - 1)); }
    void bits(const char* key, std::bitset<kFlappingResults>& value) {
        value = static_cast<unsigned long long>(whole(key, (1 << kFlappingResults) - 1));
    }
    void acknowledgement(const char* key, Acknowledgement::Type& value) { value = static_cast<Acknowledgement::Type>(whole(key, 2)); }

private:
    double read(const char* key, double least, double most) {
        const json::Value* found = object_.find(key);
        if (!found) return 0;
        const double* number = found->number();
        if (!number || !(*number >= least && *number <= most)) {
            good = false;
            return 0;
        }
        return *number;
    }
    int whole(const char* key, int most) {
        const double value = read(key, 0, most);
        if (value != std::floor(value)) good = false;
        return static_cast<int>(value);
    }

    const json::Object& object_;
};

}  // namespace

std::string state_text(const CheckableState& state) {
    Writer writer;
    visit(state, writer);
    return json::to_text(json::Value(*json::Object::from_members(std::move(writer.members))));
}

Result<CheckableState> state_from(std::string_view text) {
    const Result<json::Value> parsed = json::parse(text);
    if (!parsed) return parsed.error();
    const json::Object* object = parsed->object();
    if (!object) return fail(Errc::invalid, "the state of a check is no JSON object");
    CheckableState state;
    Reader reader(*object);
    visit(state, reader);
    // Before it was ever checked nothing has one of the four states, afterwards it has.
    if (!reader.good || state.state > 3 || state.attempt < 1) return fail(Errc::invalid, "the state of a check has values it cannot have");
    return state;
}

}  // namespace endpointd::schedule
