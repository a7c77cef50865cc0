# nlohmann-json with three changes, because 3.11.2 does not survive a failed allocation: its destructor allocates (and it is noexcept)
# and follows pointers that were never set, and its constructor from a list forgets what it has made. The copy lies in the build folder; another version is taken as it is.
find_path(mo_json_dir nlohmann/json.hpp)
set(mo_json_copy "${CMAKE_BINARY_DIR}/generated/json")
file(READ "${mo_json_dir}/nlohmann/json.hpp" mo_json_text)
set(mo_json_before "${mo_json_text}")
string(REPLACE [[
            if (t == value_t::array || t == value_t::object)
            {
                // flatten the current json_value to a heap-allocated stack]] [[
            // the type is set before its memory is there
            if ((t == value_t::object && object == nullptr) || (t == value_t::array && array == nullptr) ||
                    (t == value_t::string && string == nullptr) || (t == value_t::binary && binary == nullptr)) return;
            if (t == value_t::array || t == value_t::object) try
            {
                // flatten the current json_value to a heap-allocated stack]] mo_json_text "${mo_json_text}")
string(REPLACE [[
                    // it's now safe that current_item get destructed
                    // since it doesn't have any children
                }
            }
]] [[
                    // it's now safe that current_item get destructed
                    // since it doesn't have any children
                }
            }
            catch (const std::bad_alloc&) {}   // no memory for the stack: what is left goes by recursion
]] mo_json_text "${mo_json_text}")
foreach(kind array object)
  string(REPLACE "if (current_item.is_${kind}())" "if (current_item.is_${kind}() && current_item.m_value.${kind} != nullptr)"
         mo_json_text "${mo_json_text}")
endforeach()
string(REPLACE [[
            for (auto& element_ref : init)
            {
                auto element = element_ref.moved_or_copied();
                m_value.object->emplace(
                    std::move(*((*element.m_value.array)[0].m_value.string)),
                    std::move((*element.m_value.array)[1]));
            }]] [[
            try
            {
                for (auto& element_ref : init)
                {
                    auto element = element_ref.moved_or_copied();
                    m_value.object->emplace(
                        std::move(*((*element.m_value.array)[0].m_value.string)),
                        std::move((*element.m_value.array)[1]));
                }
            }
            catch (...)
            {
                m_value.destroy(m_type);
                throw;
            }]] mo_json_text "${mo_json_text}")
set(MO_JSON_INCLUDE "")
if(mo_json_text STREQUAL mo_json_before)
  message(STATUS "nlohmann-json is another version than 3.11: taken as it is")
else()
  set(mo_json_there "")
  if(EXISTS "${mo_json_copy}/nlohmann/json.hpp")
    file(READ "${mo_json_copy}/nlohmann/json.hpp" mo_json_there)
  endif()
  if(NOT mo_json_there STREQUAL mo_json_text)
    file(WRITE "${mo_json_copy}/nlohmann/json.hpp" "${mo_json_text}")
  endif()
  set(MO_JSON_INCLUDE "${mo_json_copy}")
endif()
