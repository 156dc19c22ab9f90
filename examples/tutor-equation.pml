<?xml version="1.0" encoding="UTF-8"?>
<!-- A path where a name alone would do as well; the pupil keeps the defaults but for the attempts. -->
<prompt schema="tutor">
  <use module="equations/one-unknown/unknown-further"/>
  <challenge/>
  <pupil attempts="two"/>
  <user>For (c) I get x = 1. I added x on the left and took 3x away on the right.</user>
  <assistant>
    Adding x on the left is a good idea. What has to happen on the right, so that the balance stays level?
  </assistant>
  <user>Oh! Then it is 7 = 4x - 5, and I add 5, so 12 = 4x. Is it 3?</user>
</prompt>
