<prompt p="&#x40000;"><user>&#x40001;</user></prompt>
