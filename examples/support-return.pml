<?xml version="1.0" encoding="UTF-8"?>
<!-- The policies are required and need not be named. -->
<prompt schema="support_desk">
  <fellside-tent/>
  <warm/>
  <user>
    I bought a Fellside 2 tent seven weeks ago and have not unpacked it. Can I still return it by
    post, and what will you deduct?
  </user>
</prompt>
