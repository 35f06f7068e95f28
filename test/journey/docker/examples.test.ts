import { describeExamples } from './example-builds.ts'

describeExamples(['debian', 'python', 'node'])
