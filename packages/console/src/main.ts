import { mount } from 'svelte'
import './styles/tokens.css'
import './styles/base.css'
import './shell/theme.svelte.ts'
import Shell from './shell/shell.svelte'

const target = document.getElementById('app')
if (target === null) throw new Error('The page has no element #app')
mount(Shell, { target })
