#pragma once
// What stays of the objects of an evaluation, beside what they share, until all else of it is free.
//
// Were each object's name and attributes allocated while the evaluation's own memory is in use, there would be a little of
// them on every page, and the system gets back whole pages only: fifty thousand services would keep tens of
// megabytes of nothing. So they wait in one piece, and are allocated behind each other at the end. One thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/attributes.hpp"
#include "dsl/evaluation.hpp"

namespace endpointd::dsl {

class Lasting {
public:
    void add(std::string_view name, const Attributes& attributes);
    // For each object, in the order in which they were added.
    void give_to(std::vector<Object>& objects) &&;

private:
    struct Size {
        std::size_t name = 0, attributes = 0;
    };
    std::string names_;
    std::vector<Attributes::Member> attributes_;
    std::vector<Size> sizes_;
};

}  // namespace endpointd::dsl
