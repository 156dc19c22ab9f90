<prompt>
  <user>more <rome/></user>
</prompt>
