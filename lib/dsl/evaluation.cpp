#include "dsl/evaluation.hpp"

#include <utility>

#include "dsl/evaluator.hpp"

namespace endpointd::dsl {

std::string_view short_part(const ConfigType& type, std::string_view name) noexcept {
    const std::size_t mark = type.composed ? name.rfind('!') : std::string_view::npos;
    return name.substr(mark == std::string_view::npos ? 0 : mark + 1);
}

std::string_view Object::short_name() const noexcept { return short_part(*type, name); }

std::vector<std::string> Object::templates() const {
    std::vector<std::string> names{called.empty() ? std::string(short_name()) : called.str()};
    if (imported) names.insert(names.end(), imported->begin(), imported->end());
    return names;
}

Evaluation evaluate(const std::vector<ZoneFile>& files, Authority authority, const Surroundings& surroundings, Limits limits) {
    Evaluation made;
    Lasting lasting;
    {
        Evaluator evaluator(files, authority, surroundings, std::move(limits));
        made = evaluator.run();
        lasting = std::move(evaluator.lasting());
    }
    std::move(lasting).give_to(made.objects);
    return made;
}

}  // namespace endpointd::dsl
