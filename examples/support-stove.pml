<?xml version="1.0" encoding="UTF-8"?>
<!-- Two turns before the one to be answered. -->
<prompt schema="support_desk">
  <ireland/>
  <ember-stove/>
  <brief/>
  <notices/>
  <user>Do you deliver the Ember stove to Cork, and for how much?</user>
  <assistant>Yes, for £9.95 in 5 to 8 working days; from £150 it is free.</assistant>
  <user>Good. Can you put a gas cartridge into the same parcel, and which type does it take?</user>
</prompt>
