! Read a table file and print its coefficients, one to a line: l1 l2 l3 m1 m2 m3 value.
!
!   gfortran read_table.f90 -o read_table
!   ./read_table real-l4.safetensors gaunt
!
! The layout is that of docs/table-format.md; the machine is little-endian.  `coupling check` tests the checksum.
program read_table
  use, intrinsic :: iso_fortran_env, only: int8, int64, real64
  implicit none
  character(len=1024) :: file, family
  character(len=:), allocatable :: header
  integer(int64) :: length, first, e, p
  integer(int64), allocatable :: offset(:)
  real(real64), allocatable :: core(:), factor(:)
  integer(int8), allocatable :: orders(:), paths(:)
  integer :: unit, status

  if (command_argument_count() /= 2) error stop "usage: read_table FILE FAMILY"
  call get_command_argument(1, file)
  call get_command_argument(2, family)
  open (newunit=unit, file=trim(file), access="stream", form="unformatted", status="old", action="read", iostat=status)
  if (status /= 0) error stop "the file cannot be read"
  read (unit) length
  if (length < 1 .or. length > 65536) error stop "this is not a table"
  allocate (character(len=length) :: header)
  read (unit) header
  ! version 2 holds twice the numbers, for half-integers
  if (index(header, '\"schema_version\":1,') == 0) error stop "this is not a table of version 1"
  first = 9 + length ! streams begin at position 1

  allocate (core(bytes("core", "F64") / 8), factor(bytes("reduced_"//trim(family), "F64") / 8))
  allocate (offset(bytes("offsets", "I64") / 8), orders(bytes("orders", "I8")), paths(bytes("paths", "U8")))
  read (unit, pos=first + start("core", "F64")) core
  read (unit, pos=first + start("reduced_"//trim(family), "F64")) factor
  read (unit, pos=first + start("offsets", "I64")) offset
  read (unit, pos=first + start("orders", "I8")) orders
  read (unit, pos=first + start("paths", "U8")) paths ! degrees are below 128

  do p = 1, size(factor)
    if (factor(p) == 0) cycle
    do e = offset(p) + 1, offset(p + 1)
      print "(6(i0, 1x), es24.16e3)", paths(3*p - 2:3*p), orders(3*e - 2:3*e), factor(p) * core(e)
    end do
  end do

contains

  ! Where an array begins and ends after the header: "name":{"dtype":...,"data_offsets":[begin,end]}.
  subroutine place(name, dtype, begin, end)
    character(len=*), intent(in) :: name, dtype
    integer(int64), intent(out) :: begin, end
    character(len=*), parameter :: key = '"data_offsets":['
    integer :: entry, at, comma, bracket
    entry = index(header, '"'//name//'":{"dtype":"'//dtype//'","shape":[')
    if (entry == 0) error stop "no such array of this type"
    at = entry + index(header(entry:), key) + len(key) - 1
    comma = at + index(header(at:), ",") - 1
    bracket = at + index(header(at:), "]") - 1
    read (header(at:comma - 1), *) begin
    read (header(comma + 1:bracket - 1), *) end
  end subroutine place

  integer(int64) function start(name, dtype)
    character(len=*), intent(in) :: name, dtype
    integer(int64) :: end
    call place(name, dtype, start, end)
  end function start

  integer(int64) function bytes(name, dtype)
    character(len=*), intent(in) :: name, dtype
    integer(int64) :: begin, end
    call place(name, dtype, begin, end)
    bytes = end - begin
  end function bytes

end program read_table
