# LibTorch as an imported target. Its own package configuration is not used: that of the CUDA build asks
# for a CUDA toolkit, and a CPU program needs only two of its libraries.
if(TORCH_DIR)
  set(torch_root ${TORCH_DIR})
else()
  set(torch_root ${PROJECT_SOURCE_DIR}/.deps/torch)
endif()
foreach(file include/ATen/core/Tensor.h lib/libtorch_cpu.so lib/libc10.so)
  if(NOT EXISTS ${torch_root}/${file})
    message(FATAL_ERROR "LibTorch was not found: ${torch_root}/${file} is missing. "
                        "Run tools/setup.py, or name one with -DTORCH_DIR=, or build with -DPML_RUNTIME=OFF.")
  endif()
endforeach()

add_library(torch::c10 SHARED IMPORTED)
set_target_properties(torch::c10 PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/libc10.so IMPORTED_NO_SONAME ON)
add_library(torch::cpu SHARED IMPORTED)
set_target_properties(torch::cpu PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/libtorch_cpu.so)
target_include_directories(torch::cpu SYSTEM INTERFACE ${torch_root}/include)
target_link_libraries(torch::cpu INTERFACE torch::c10)
# at::parallel_for is a template: without OpenMP on our side it would be a plain loop.
# LibTorch brings the run-time library that it was built with; a second one beside it would have threads of its own.
if(EXISTS ${torch_root}/lib/libgomp.so.1)
  set(OpenMP_gomp_LIBRARY ${torch_root}/lib/libgomp.so.1 CACHE FILEPATH "OpenMP's run-time library")
endif()
find_package(OpenMP REQUIRED COMPONENTS CXX)
target_link_libraries(torch::cpu INTERFACE OpenMP::OpenMP_CXX)
# libtorch_cpu.so asks for CUDA run-time libraries that lie in other wheels; they are found at load.
target_link_options(torch::cpu INTERFACE -Wl,--allow-shlib-undefined)
