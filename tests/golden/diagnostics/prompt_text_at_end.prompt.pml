<prompt>
  <b/>
  no room: the end of the prompt stands here
  <a/>
  the end
</prompt>
