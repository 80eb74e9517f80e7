#include "schedule/timetable.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace endpointd::schedule {
namespace {

TEST(Timetable, TakesWhatIsDueInItsOrder) {
    Timetable table;
    table.set(4, 30);
    table.set(0, 10);
    table.set(9, 20);
    EXPECT_EQ(table.next(), 10);
    EXPECT_FALSE(table.take(9.5));
    EXPECT_EQ(table.take(25), 0U);
    EXPECT_EQ(table.take(25), 9U);
    EXPECT_FALSE(table.take(25));
    EXPECT_EQ(table.due(4), 30);
    EXPECT_FALSE(table.contains(9));
}

TEST(Timetable, KnowsTheEarliestWhateverIsMovedAndRemoved) {
    std::mt19937 random(7);
    Timetable table;
    std::map<Timetable::Id, double> model;
    const auto earliest = [&] {
        std::optional<double> least;
        for (const auto& [id, due] : model)
            if (!least || due < *least) least = due;
        return least;
    };
    for (int i = 0; i < 20'000; ++i) {
        const Timetable::Id id = static_cast<Timetable::Id>(random() % 200);
        const double due = static_cast<double>(random() % 1000);
        if (random() % 4 == 0) {
            table.remove(id);
            model.erase(id);
        } else if (random() % 5 == 0) {
            if (const auto taken = table.take(due)) {
                ASSERT_EQ(model.at(*taken), *earliest());
                model.erase(*taken);
            } else {
                ASSERT_TRUE(!earliest() || *earliest() > due);
            }
        } else {
            table.set(id, due);
            model[id] = due;
        }
        ASSERT_EQ(table.next(), earliest());
        ASSERT_EQ(table.size(), model.size());
    }
}

}  // namespace
}  // namespace endpointd::schedule
