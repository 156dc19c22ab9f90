<prompt schema="house">
  <kitchen/>
</prompt>
