#include "dsl/lasting.hpp"

#include <memory>
#include <span>

#include "base/assert.hpp"

namespace endpointd::dsl {

void Lasting::add(std::string_view name, const Attributes& attributes) {
    names_ += name;
    attributes_.insert(attributes_.end(), attributes.begin(), attributes.end());
    sizes_.push_back({name.size(), attributes.size()});
}

void Lasting::give_to(std::vector<Object>& objects) && {
    EP_ASSERT(objects.size() == sizes_.size());
    std::string_view names = names_;
    std::span<Attributes::Member> attributes = attributes_;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        objects[i].name = std::string(names.substr(0, sizes_[i].name));  // no longer than it is
        names.remove_prefix(sizes_[i].name);
        const auto own = attributes.first(sizes_[i].attributes);
        attributes = attributes.subspan(sizes_[i].attributes);
        for (Attributes::Member& member : own)
            if (member.value.use_count() == 1) member.value = std::make_shared<const json::Value>(*member.value);
        objects[i].attributes = Attributes(own);
    }
}

}  // namespace endpointd::dsl
