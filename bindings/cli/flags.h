// Command-line flags made from the option schema: `calibration.method` becomes --calibration-method, and its alias too.
#pragma once
#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "handles.h"

namespace cli {

class Flags {
 public:
  // Adds the keys of these operations to a subcommand; a key that several have is one flag that sets it in all of them.
  void add(CLI::App& app, const std::vector<std::string>& operations, const std::vector<std::string>& without = {});

  // The options of one operation as given on the command line. Illegal values are wrong usage.
  Own<mo_options> options(const std::string& operation) const;
  bool given(const std::string& key) const;
  std::string text(const std::string& key) const;  // the value given; empty: none

 private:
  struct Flag {
    std::string type;
    std::vector<std::string> operations;
    std::vector<std::string> values;
    CLI::Option* option = nullptr;
  };
  std::map<std::string, Flag> flags_;  // by key
};

}  // namespace cli
