import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../../support/command.ts'
import { zip } from './package-origin.ts'

/** What the origin serves, by path. */
export type Files = Map<string, Buffer>

const pluginPath = 'org/apache/maven/plugins/maven-dependency-plugin/3.8.1/maven-dependency-plugin-3.8.1'
const libraryPath = 'org/apache/commons/commons-lang3/3.17.0/commons-lang3-3.17.0'
/** Maven gives it to every plugin. */
const sharedPath = 'org/codehaus/plexus/plexus-utils/1.1/plexus-utils-1.1'

/** A Composer repository at `/composer` with what the example for PHP needs. */
export async function addComposer(files: Files, folder: string, base: string): Promise<void> {
  const tree = join(folder, 'log')
  mkdirSync(join(tree, 'src'), { recursive: true })
  writeFileSync(join(tree, 'src/LogLevel.php'), "<?php\nnamespace Psr\\Log;\nclass LogLevel { const INFO = 'info'; }\n")
  writeFileSync(join(tree, 'composer.json'), '{"name":"psr/log"}\n')
  const archive = join(folder, 'log.tar')
  const packed = await command('tar', ['-C', folder, '--format=ustar', '-cf', archive, 'log'])
  if (packed.code !== 0) throw new Error(`tar: ${packed.stderr}`)
  const content = readFileSync(archive)
  const url = '/composer/log-3.0.2.tar'
  const dist = { type: 'tar', url: `${base}${url}`, shasum: createHash('sha1').update(content).digest('hex') }
  const version = { name: 'psr/log', version: '3.0.2', dist, autoload: { 'psr-4': { 'Psr\\Log\\': 'src' } } }
  files.set(url, content)
  files.set('/composer/packages.json', Buffer.from(JSON.stringify({ packages: { 'psr/log': { '3.0.2': version } } })))
}

/** Of Composer itself: this repository, and no other. */
export function composerSettings(base: string): string {
  return JSON.stringify({ repositories: [{ type: 'composer', url: `${base}/composer` }, { 'packagist.org': false }] })
}

/** A Maven repository at `/maven` with what the example for Java needs: the plugin that it names, and the library. */
export function addMaven(files: Files, plugin: Buffer, library: Buffer): void {
  for (const [path, jar] of [
    [pluginPath, plugin],
    [libraryPath, library],
    [sharedPath, zip({ 'empty.txt': '' })],
  ] as const) {
    const [version, artifact, ...group] = path.split('/').slice(0, -1).reverse()
    const names = `<groupId>${group.reverse().join('.')}</groupId><artifactId>${artifact}</artifactId>`
    const packaging = path === pluginPath ? 'maven-plugin' : 'jar'
    const model = `<project><modelVersion>4.0.0</modelVersion>${names}<version>${version}</version><packaging>${packaging}</packaging></project>\n`
    for (const [kind, content] of [
      ['pom', Buffer.from(model)],
      ['jar', jar],
    ] as const) {
      files.set(`/maven/${path}.${kind}`, content)
      files.set(`/maven/${path}.${kind}.sha1`, Buffer.from(createHash('sha1').update(content).digest('hex')))
    }
  }
}

/** Of Maven itself: this repository in the place of every other. */
export function mavenSettings(base: string): string {
  return `<settings><mirrors><mirror><id>test</id><mirrorOf>*</mirrorOf><url>${base}/maven</url></mirror></mirrors></settings>\n`
}

/** Stands for the plugin that copies dependencies; to be compiled where Maven is. */
export const pluginSource = `import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import org.apache.maven.artifact.Artifact;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.project.MavenProject;

public class Copy extends AbstractMojo {
  private MavenProject project;
  private File outputDirectory;

  public void execute() throws MojoExecutionException {
    try {
      Files.createDirectories(outputDirectory.toPath());
      for (Artifact one : project.getArtifacts())
        Files.copy(one.getFile().toPath(), outputDirectory.toPath().resolve(one.getFile().getName()));
    } catch (IOException failure) {
      throw new MojoExecutionException("copy", failure);
    }
  }
}
`

export const pluginDescription = `<plugin>
  <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.8.1</version>
  <goalPrefix>dependency</goalPrefix>
  <mojos><mojo>
    <goal>copy-dependencies</goal><implementation>Copy</implementation><language>java</language>
    <instantiationStrategy>per-lookup</instantiationStrategy><executionStrategy>once-per-session</executionStrategy>
    <requiresDependencyResolution>runtime</requiresDependencyResolution><requiresProject>true</requiresProject>
    <parameters>
      <parameter><name>project</name><type>org.apache.maven.project.MavenProject</type></parameter>
      <parameter><name>outputDirectory</name><type>java.io.File</type></parameter>
    </parameters>
    <configuration>
      <project implementation="org.apache.maven.project.MavenProject" default-value="\${project}"/>
      <outputDirectory implementation="java.io.File" default-value="lib">\${outputDirectory}</outputDirectory>
    </configuration>
  </mojo></mojos>
</plugin>
`
