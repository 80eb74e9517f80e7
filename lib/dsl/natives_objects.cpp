// get_host() and its kin: objects of this evaluation that are committed already.

#include <algorithm>

#include "base/assert.hpp"
#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

const ConfigType& type_of_name(std::string_view name) {
    const ConfigType* const type = config_type(name);
    EP_ASSERT(type != nullptr);
    return *type;
}

Value found(Instance* instance) { return instance ? Value(instance) : Value(); }

Value find(Call& call, const ConfigType& type, std::string_view name) {
    call.heap.budget().step();
    return found(call.interpreter.definitions().find(type, name));
}

Value named(Call& call, std::string_view type) { return find(call, type_of_name(type), TextOf(call, call.argument(0)).view()); }

// Commands and what else is the host's own cannot be looked at: an answer of "there is none" would be a lie.
void only_objects(Call& call, const ConfigType& type) {
    if (type.role != TypeRole::object)
        call.interpreter.fail("objects of type '" + std::string(type.name) + "' are the host's own and cannot be read", Why::function);
}

// A host, or the name of one; null: not there.
Instance* host_of(Call& call, const Value& host) {
    const ConfigType& type = type_of_name("Host");
    if (host.instance() && host.instance()->type == &type) return host.instance();
    return find(call, type, TextOf(call, host).view()).instance();
}

}  // namespace

Value native_get_object(Call& call) {
    const Value type = call.argument(0);
    if (!type.type() || !type.type()->config) return {};
    only_objects(call, *type.type()->config);
    return find(call, *type.type()->config, TextOf(call, call.argument(1)).view());
}

Value native_get_objects(Call& call) {
    const Value type = call.argument(0);
    if (!type.type() || !type.type()->config) call.interpreter.fail("get_objects() takes a type of objects, like Host");
    only_objects(call, *type.type()->config);
    Array* const made = call.heap.array();
    for (Instance* const instance : call.interpreter.definitions().all(*type.type()->config)) {
        call.heap.budget().step();
        call.heap.append(*made, Value(instance));
    }
    return made;
}

Value native_get_service(Call& call) {
    const Instance* const host = host_of(call, call.argument(0));
    if (!host) return {};
    const TextOf name(call, call.argument(1));
    return find(call, type_of_name("Service"), host->name + "!" + std::string(name.view()));
}

Value native_get_services(Call& call) {
    const Instance* const host = host_of(call, call.argument(0));
    if (!host) return {};
    std::vector<Instance*> services;
    const std::string prefix = host->name + "!";
    for (Instance* const service : call.interpreter.definitions().all(type_of_name("Service"))) {
        call.heap.budget().step();
        if (service->name.starts_with(prefix)) services.push_back(service);
    }
    std::sort(services.begin(), services.end(), [](const Instance* a, const Instance* b) { return a->short_name < b->short_name; });
    Array* const made = call.heap.array();
    for (Instance* const service : services) call.heap.append(*made, Value(service));
    return made;
}

Value native_get_host(Call& call) { return named(call, "Host"); }
Value native_get_host_group(Call& call) { return named(call, "HostGroup"); }
Value native_get_service_group(Call& call) { return named(call, "ServiceGroup"); }
Value native_get_user(Call& call) { return named(call, "User"); }
Value native_get_user_group(Call& call) { return named(call, "UserGroup"); }
Value native_get_time_period(Call& call) { return named(call, "TimePeriod"); }

}  // namespace endpointd::dsl
